// A flame graph on a canvas: click or Enter zooms, Escape goes back, arrows walk, hovering tells.
// It knows nothing of reports: the tree, the widths and all texts come as properties, so that the
// same component draws a session, a difference and, one day, a running process.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { css, type Color } from "./colors";
import { drawBoxes, drawOutline, pictureHeight, ROW, rowAt, shiftBoxes, topOf, type Scene } from "./draw";
import { layOut, nodeAt, step, type Step } from "./layout";
import type { Found } from "./search";
import { pathTo, type FlameTree } from "./tree";

export interface FlameGraphProps {
  tree: FlameTree;
  values: Float64Array; // what the widths stand for, by node
  zoomed: number;
  onZoom(node: number): void;
  flipped: boolean; // root at the bottom
  theme: "light" | "dark";
  label: string; // of the whole picture, for who cannot see it
  color(node: number): Color;
  name(node: number): string; // whole
  shortName(node: number): string; // for a box
  place(node: number): string; // file and line, module
  figures(node: number): string; // "12.0 MiB, 34.5 %"
  found: Found | undefined; // of a search
}

const KEYS: Partial<Record<string, Step>> = {
  ArrowLeft: "previous",
  ArrowRight: "next",
  Home: "first",
};

const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
const TABLE_ROWS = 20;

export function FlameGraph(props: FlameGraphProps) {
  const { tree, values, flipped, zoomed } = props;
  const layout = useMemo(() => layOut(tree, values, zoomed), [tree, values, zoomed]);
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [top, setTop] = useState(0);
  const [hovered, setHovered] = useState<{ node: number; x: number; y: number } | undefined>();
  const [focused, setFocused] = useState(-1);
  const height = pictureHeight(layout);
  const callers = useMemo(() => new Set(zoomed > 0 ? [0, ...pathTo(tree, tree.parent[zoomed]!)] : []), [tree, zoomed]);

  useLayoutEffect(() => {
    const element = scroller.current!;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // The root is where reading starts: at the bottom of a flame graph.
  useLayoutEffect(() => {
    const element = scroller.current!;
    const start = flipped ? element.scrollHeight : Math.max(0, topOf(layout, layout.depth, false) - 3 * ROW);
    element.scrollTop = zoomed === 0 && !flipped ? 0 : start;
    setTop(element.scrollTop);
  }, [layout, flipped]);

  useEffect(() => {
    setFocused(-1);
    setHovered(undefined);
  }, [layout]);

  // Colours are asked for again and again, and are the same until the tree or the theme changes.
  const fills = useMemo(() => new Map<number, string>(), [tree, props.theme]);
  const fill = (node: number): string => {
    let text = fills.get(node);
    if (text === undefined) fills.set(node, (text = css(props.color(node))));
    return text;
  };
  const ratio = window.devicePixelRatio || 1;
  const [wide, high] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  const scrolled = Math.round(top * ratio); // whole pixels: what was drawn can be moved
  const scene: Scene = {
    layout,
    width: size.width,
    height: size.height,
    top: scrolled / ratio,
    flipped,
    theme: props.theme,
    font: FONT,
    fill,
    label: props.shortName,
    isCaller: (node) => callers.has(node),
    matches: props.found?.matches,
  };
  const boxes = useRef<HTMLCanvasElement | undefined>(undefined);
  const drawn = useRef({ of: [] as unknown[], scrolled: 0 });
  useLayoutEffect(() => {
    const picture = (boxes.current ??= document.createElement("canvas"));
    const context = picture.getContext("2d");
    if (context === null) return;
    const of = [layout, wide, high, ratio, flipped, props.theme, props.found];
    const before = drawn.current;
    drawn.current = { of, scrolled };
    const shift = before.scrolled - scrolled;
    if (of.every((each, i) => each === before.of[i]) && Math.abs(shift) < high) {
      if (shift !== 0) shiftBoxes(context, scene, shift);
      return;
    }
    picture.width = Math.max(1, wide);
    picture.height = Math.max(1, high);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawBoxes(context, scene);
  }, [layout, wide, high, ratio, scrolled, flipped, props.theme, props.found]);

  useLayoutEffect(() => {
    const element = canvas.current!;
    if (element.width !== wide) element.width = wide;
    if (element.height !== high) element.height = high;
    const context = element.getContext("2d");
    if (context === null || wide === 0 || high === 0) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, wide, high);
    context.drawImage(boxes.current!, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (hovered !== undefined) drawOutline(context, scene, hovered.node, 1);
    drawOutline(context, scene, focused, 2);
  });

  const at = (event: MouseEvent): number => {
    const box = scroller.current!.getBoundingClientRect();
    const y = event.clientY - box.top + scroller.current!.scrollTop;
    return nodeAt(layout, rowAt(layout, y, flipped), (event.clientX - box.left) / size.width);
  };
  const zoom = (node: number) => {
    if (node >= 0 && tree.folded[node] === 0 && node !== zoomed) props.onZoom(node);
  };
  const focus = (node: number) => {
    setFocused(node);
    const element = scroller.current!;
    const y = topOf(layout, tree.depth[node]!, flipped);
    if (y < element.scrollTop) element.scrollTop = y;
    if (y + ROW > element.scrollTop + element.clientHeight) element.scrollTop = y + ROW - element.clientHeight;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const vertical = event.key === "ArrowDown" || event.key === "ArrowUp";
    const direction = vertical ? ((event.key === "ArrowUp") === flipped ? "callee" : "caller") : KEYS[event.key];
    if (direction !== undefined) {
      focus(focused < 0 ? zoomed : step(tree, layout, focused, direction));
    } else if (event.key === "Enter" || event.key === " ") {
      zoom(focused);
    } else {
      return;
    }
    event.preventDefault();
  };

  const told = hovered?.node ?? focused;
  const largestFrames = useMemo(() => <LargestFrames {...props} />, [tree, values, zoomed]);
  return (
    <div class="flame">
      <div
        class="flame-scroller"
        ref={scroller}
        tabIndex={0}
        role="application"
        aria-roledescription="flame graph"
        aria-label={`${props.label}. Arrow keys walk from frame to frame, Enter zooms in, Escape zooms out. The largest frames are in the table that follows.`}
        style={{ height: `${Math.max(height, 3 * ROW)}px` }}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
        onMouseMove={(event) => {
          const node = at(event);
          setHovered(node < 0 ? undefined : { node, x: event.clientX, y: event.clientY });
        }}
        onMouseLeave={() => setHovered(undefined)}
        onClick={(event) => zoom(at(event))}
        onKeyDown={onKeyDown}
        onBlur={() => setFocused(-1)}
      >
        <canvas class="flame-canvas" ref={canvas} style={{ width: `${size.width}px`, height: `${size.height}px` }} aria-hidden="true" />
        <div style={{ height: `${Math.max(0, height - size.height)}px` }} />
      </div>
      <p class="flame-told" aria-live="polite">
        {told >= 0 ? (
          <>
            <span>{props.figures(told)}</span> · <b>{props.name(told)}</b> <span class="faint">{props.place(told)}</span>
          </>
        ) : (
          <span class="faint">Point at a frame to see what it is, click to zoom in.</span>
        )}
      </p>
      {hovered !== undefined && <Tooltip {...props} node={hovered.node} x={hovered.x} y={hovered.y} />}
      {largestFrames}
    </div>
  );
}

function Tooltip({ node, x, y, ...props }: FlameGraphProps & { node: number; x: number; y: number }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const { width, height } = element.getBoundingClientRect();
    const left = Math.min(x + 14, document.documentElement.clientWidth - width - 8);
    const below = y + 18 + height < document.documentElement.clientHeight;
    element.style.transform = `translate(${Math.max(8, left)}px, ${Math.max(8, below ? y + 18 : y - height - 12)}px)`;
  });
  const place = props.place(node);
  return (
    <div class="tooltip" ref={box} aria-hidden="true">
      <b>{props.name(node)}</b>
      {place !== "" && <div class="faint">{place}</div>}
      <div>{props.figures(node)}</div>
    </div>
  );
}

// What the picture shows, for those who hear the page.
function LargestFrames(props: FlameGraphProps) {
  const { tree, values, zoomed } = props;
  const largest = useMemo(() => {
    const below: number[] = [];
    const open = [...tree.children[zoomed]!];
    while (open.length > 0) {
      const node = open.pop()!;
      if (values[node]! <= 0) continue;
      below.push(node);
      open.push(...tree.children[node]!);
    }
    return below.sort((a, b) => values[b]! - values[a]!).slice(0, TABLE_ROWS);
  }, [tree, values, zoomed]);
  return (
    <div class="hidden">
<table>
      <caption>{`The largest frames below ${props.name(zoomed)}`}</caption>
      <thead>
        <tr>
          <th scope="col">Function</th>
          <th scope="col">Cost</th>
          <th scope="col">Depth</th>
          <th scope="col">Place</th>
        </tr>
      </thead>
      <tbody>
        {largest.map((node) => (
          <tr key={node}>
            <th scope="row">{props.name(node)}</th>
            <td>{props.figures(node)}</td>
            <td>{tree.depth[node]! - tree.depth[zoomed]!}</td>
            <td>{props.place(node)}</td>
          </tr>
        ))}
      </tbody>
    </table>
</div>
  );
}
