// Draws the rows of a flame graph that are in sight.
import { css, TEXT, type Color } from "./colors";
import type { Layout } from "./layout";

export const ROW = 20; // CSS pixels, the gap below a box included

export interface Scene {
  layout: Layout;
  width: number; // CSS pixels
  height: number;
  top: number; // of the part that is in sight, CSS pixels from the top of the picture
  flipped: boolean; // root at the bottom
  theme: "light" | "dark";
  font: string;
  fill(node: number): string; // a CSS colour
  label(node: number): string;
  isCaller(node: number): boolean; // of the zoomed frame: drawn fainter
  matches: Uint8Array | undefined; // of a search: the others are drawn grey
}

const MUTED: Record<"light" | "dark", { fill: Color; text: Color }> = {
  light: {
    fill: { hue: 215, saturation: 16, lightness: 93 },
    text: { hue: 215, saturation: 14, lightness: 38 },
  },
  dark: {
    fill: { hue: 215, saturation: 10, lightness: 19 },
    text: { hue: 215, saturation: 10, lightness: 66 },
  },
};

export function pictureHeight(layout: Layout): number {
  return layout.rows.length * ROW;
}

// The row at a height of the picture, counted from the root.
export function rowAt(layout: Layout, y: number, flipped: boolean): number {
  const row = Math.floor(y / ROW);
  return flipped ? layout.rows.length - 1 - row : row;
}

export function topOf(layout: Layout, row: number, flipped: boolean): number {
  return (flipped ? layout.rows.length - 1 - row : row) * ROW;
}

// Boxes and names of what lies between two heights, CSS pixels. Of tens of thousands this takes longer
// than a frame of a film: who only points draws the outline again, over a copy of this picture, and who
// scrolls moves what is there and draws what has come into sight.
export function drawBoxes(context: CanvasRenderingContext2D, scene: Scene, from = 0, to = scene.height): void {
  const { layout, width, top, flipped } = scene;
  context.save();
  context.beginPath();
  context.rect(0, from, width, to - from);
  context.clip();
  context.clearRect(0, from, width, to - from);
  context.font = scene.font;
  context.textBaseline = "middle";
  for (let row = 0; row < layout.rows.length; ++row) {
    const y = topOf(layout, row, flipped) - top;
    if (y + ROW <= from || y >= to) continue;
    drawRow(context, scene, layout.rows[row]!, y);
  }
  context.restore();
}

// The same picture after it was scrolled: `shift` is by how many of its own pixels it goes down (up:
// negative), less than all of them.
export function shiftBoxes(context: CanvasRenderingContext2D, scene: Scene, shift: number): void {
  const picture = context.canvas;
  const ratio = context.getTransform().a;
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalCompositeOperation = "copy"; // what it leaves behind is cleared
  context.drawImage(picture, 0, shift);
  context.restore();
  if (shift > 0) drawBoxes(context, scene, 0, shift / ratio);
  else drawBoxes(context, scene, (picture.height + shift) / ratio, picture.height / ratio);
}

function drawRow(context: CanvasRenderingContext2D, scene: Scene, nodes: Int32Array, y: number): void {
  const { layout, width } = scene;
  const mutedFill = css(MUTED[scene.theme].fill);
  const textFill = css(TEXT[scene.theme]);
  let drawnTo = -1;
  for (const node of nodes) {
    const x = layout.left[node]! * width;
    const end = x + layout.width[node]! * width;
    if (end < drawnTo + 0.5) continue; // lies within the last sliver
    const muted = (scene.matches !== undefined && !scene.matches[node]) || scene.isCaller(node);
    const box = Math.max(end - x - (end - x > 3 ? 1 : 0), 0.7);
    context.fillStyle = muted ? mutedFill : scene.fill(node);
    context.fillRect(x, y, box, ROW - 1);
    drawnTo = end;
    if (box > 30) {
      context.fillStyle = muted ? css(MUTED[scene.theme].text) : textFill;
      const text = fit(context, scene.label(node), box - 10);
      if (text !== "") context.fillText(text, x + 5, y + ROW / 2);
    }
  }
}

export function drawOutline(context: CanvasRenderingContext2D, scene: Scene, node: number, lineWidth: number): void {
  if (node < 0 || scene.layout.width[node] === 0) return;
  const y = topOf(scene.layout, scene.layout.rowOf[node]!, scene.flipped) - scene.top;
  const x = scene.layout.left[node]! * scene.width;
  const box = Math.max(scene.layout.width[node]! * scene.width - 1, 2);
  context.strokeStyle = css(TEXT[scene.theme]);
  context.lineWidth = lineWidth;
  const inset = context.lineWidth / 2;
  context.strokeRect(x + inset, y + inset, Math.max(box - 2 * inset, 1), ROW - 1 - 2 * inset);
}

const widths = new Map<string, number>();

function widthOf(context: CanvasRenderingContext2D, text: string): number {
  const key = `${context.font}\n${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    width = context.measureText(text).width;
    if (widths.size > 50_000) widths.clear();
    widths.set(key, width);
  }
  return width;
}

// The beginning of a text that fits, with "…" where something is missing; "" where less than two
// characters would.
export function fit(context: CanvasRenderingContext2D, text: string, room: number): string {
  const whole = widthOf(context, text);
  if (whole <= room) return text;
  let length = Math.floor((text.length * room) / whole);
  while (length > 1 && widthOf(context, `${text.slice(0, length)}…`) > room) --length;
  return length < 2 ? "" : `${text.slice(0, length)}…`;
}
