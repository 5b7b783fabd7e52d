// Colour of a frame: its hue tells the module (library), a shade tells functions beside each other
// apart. Hues go to modules by cost, so the largest ones never share a hue. Text on every box has a
// contrast of at least 4.5:1, which colors.test.ts checks over all of them.

export interface Color {
  hue: number;
  saturation: number;
  lightness: number;
}

// Chosen to differ for colour-blind eyes as well: blue, orange, teal, purple, yellow, pink, green, red.
const HUES = [212, 28, 172, 268, 48, 326, 96, 4];
const GREY: Record<"light" | "dark", Color> = {
  light: { hue: 215, saturation: 12, lightness: 86 },
  dark: { hue: 215, saturation: 10, lightness: 26 },
};

export const TEXT: Record<"light" | "dark", Color> = {
  light: { hue: 215, saturation: 40, lightness: 10 },
  dark: { hue: 215, saturation: 30, lightness: 97 },
};

// Hue number by module: the modules with the largest own cost get one of their own, the rest none.
export function assignHues(costByModule: Map<string, number>): Map<string, number> {
  const order = [...costByModule].filter(([module]) => module !== "").sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return new Map(order.slice(0, HUES.length).map(([module], index) => [module, index]));
}

// A number between 0 and 1 that the text decides (FNV-1a).
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; ++i) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return ((hash >>> 8) & 0xff) / 255;
}

const TURN = 10; // degrees by which functions of one module may differ in hue, either way
const DARK_SATURATION = [44, 56] as const;

// The lightest that boxes of each hue may be under light text: blue may be lighter than yellow.
const LIGHTEST_DARK = HUES.map((hue) => {
  let lightness = 36;
  const readable = (turn: number) =>
    DARK_SATURATION.every((saturation) => contrast({ hue: hue + turn, saturation, lightness }, TEXT.dark) >= 4.6);
  while (![-TURN, 0, TURN].every(readable)) --lightness;
  return lightness;
});

export function frameColor(name: string, hue: number | undefined, theme: "light" | "dark"): Color {
  if (hue === undefined) return GREY[theme];
  const shade = spread(name);
  const turned = HUES[hue]! + 2 * TURN * (spread(`${name}.`) - 0.5);
  if (theme === "light") return { hue: turned, saturation: 60 + 12 * shade, lightness: 80 - 12 * shade };
  const [least, most] = DARK_SATURATION;
  return { hue: turned, saturation: least + (most - least) * shade, lightness: LIGHTEST_DARK[hue]! - 7 * (1 - shade) };
}

// Of a difference: orange grew, blue shrank, the stronger the more (−1 to 1). Nobody is colour-blind
// to both.
export function deltaColor(change: number, theme: "light" | "dark"): Color {
  const strength = Math.min(1, Math.abs(change));
  const hue = change > 0 ? 28 : 212;
  if (theme === "light") return { hue, saturation: 20 + 65 * strength, lightness: 92 - 22 * strength };
  return { hue, saturation: 12 + 43 * strength, lightness: 23 + 9 * strength };
}

export const css = (color: Color): string =>
  `hsl(${color.hue.toFixed(0)} ${color.saturation.toFixed(0)}% ${color.lightness.toFixed(1)}%)`;

// WCAG 2.1 relative luminance and contrast.
export function contrast(a: Color, b: Color): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function luminance({ hue, saturation, lightness }: Color): number {
  const s = saturation / 100;
  const l = lightness / 100;
  const part = (n: number) => {
    const k = (n + hue / 30) % 12;
    const c = l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(0) + 0.7152 * part(8) + 0.0722 * part(4);
}
