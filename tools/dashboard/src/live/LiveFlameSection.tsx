// Where the memory of a running process is, as a flame graph that is made anew every ten seconds, or
// when asked.
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { samePlace, shareOf } from "../flame/tree";
import { CostGraph, ModuleLegend, moduleColor } from "../parts/CostGraph";
import { foldingNote } from "../parts/graph_parts";
import { Segments } from "../parts/Segments";
import { bytes, count, counted, percent } from "../text/format";
import { COSTS, type LiveCost, type LiveView } from "./address";
import { FrameTable } from "./frame_table";
import { liveFlame } from "./live_flame";
import type { SessionReport } from "./types";
import { useAnswer } from "./use_answer";

const EVERY_MS = 10_000;
const TITLES: Record<LiveCost, { title: string; meaning: string }> = {
  live: { title: "Live now", meaning: "bytes that are allocated and not freed" },
  peak: { title: "At the peak", meaning: "bytes that were live when the heap was largest" },
  allocated: { title: "Allocated", meaning: "bytes since it is recorded, freed since or not" },
  failed: { title: "Failed", meaning: "calls that got no memory" },
};

const RECORDED: Partial<typeof TITLES> = {
  live: { title: "Live at the end", meaning: "bytes that were not freed when the recording ended" },
  allocated: { title: "Allocated", meaning: "bytes over the whole run, freed since or not" },
};

interface LiveFlameSectionProps {
  pid: number;
  isRunning: boolean;
  isRecording: boolean;
  view: LiveView;
  change(fields: Partial<LiveView>, history?: "push" | "replace"): void;
  theme: "light" | "dark";
  searchBox: RefObject<HTMLInputElement | null>;
  callerOf: RefObject<(node: number) => number>;
  epoch: number;
}

export function LiveFlameSection({ pid, isRunning, isRecording, view, change, theme, searchBox, callerOf, epoch }: LiveFlameSectionProps) {
  const asked = useAnswer<SessionReport>(`api/v1/report?pid=${pid}&format=json`, isRunning ? EVERY_MS : 3_600_000, epoch);
  const table = useRef(new FrameTable());
  const flame = useMemo(() => asked.value && liveFlame(asked.value, table.current), [asked.value]);

  // What was zoomed into stays, as far as it is still there.
  const before = useRef(flame);
  const zoom = useMemo(() => {
    const { current } = before;
    return current !== undefined && flame !== undefined && current !== flame ? samePlace(current.tree, view.zoom, flame.tree) : view.zoom;
  }, [flame, view.zoom]);
  useEffect(() => {
    before.current = flame;
    if (zoom !== view.zoom) change({ zoom }, "replace");
  }, [flame, zoom]);
  callerOf.current = (node) => flame?.tree.parent[node] ?? 0;

  const { cost } = view;
  const titles = isRecording ? { ...TITLES, ...RECORDED } : TITLES;
  const costs = <Segments name="cost" label="What the graph shows" values={COSTS} chosen={cost} onChoose={(each) => change({ cost: each })} text={(each) => titles[each].title} hint={(each) => titles[each].meaning} />;
  if (flame === undefined) {
    const { problem } = asked;
    return (
      <section class="card" id="flame" aria-label="Flame graph">
        <h2>Where the memory is</h2>
        <p class="empty" role="status">
          {problem === undefined ? "Looking up names of functions… the first time this takes a while." : problem.kind === "gone" ? `${isRecording ? "memwatch serve" : "The daemon"} does not answer.` : `No flame graph: ${problem.why}.`}
        </p>
      </section>
    );
  }
  const { tree, names } = flame;
  const format = (value: number) => (cost === "failed" ? counted(value, "call", "calls") : bytes(value));
  const whole = tree.total[cost][0]!;
  return (
    <CostGraph
      title={
        <>
          {titles[cost].title} <span class="faint">{whole === 0 ? "" : format(whole)}</span>
        </>
      }
      tools={
        <>
          {costs}
          {isRunning && (
            <button type="button" id="refresh" onClick={asked.again} disabled={asked.isAsking} title="It is made anew every ten seconds">
              <span aria-hidden="true">↻ </span>Now
            </button>
          )}
        </>
      }
      names={names}
      tree={tree}
      values={tree.total[cost]}
      view={{ ...view, zoom }}
      change={change}
      searchBox={searchBox}
      theme={theme}
      label={`Flame graph: ${titles[cost].meaning}, ${format(whole)} in ${count(tree.size - 1)} frames`}
      color={(node) => moduleColor(names, tree, node, flame.hue, theme)}
      figures={(node, zoomed) => {
        const own = tree.own[cost][node]!;
        const parts = [`${format(tree.total[cost][node]!)}, ${percent(shareOf(tree, cost, node))}`];
        if (zoomed > 0) parts.push(`${percent(shareOf(tree, cost, node, zoomed))} of what is zoomed`);
        if (own > 0 && own < tree.total[cost][node]! && node > 0) parts.push(`${format(own)} by itself`);
        return parts.join(", ");
      }}
      format={format}
      empty={<p class={cost === "failed" || (isRecording && cost === "live") ? "empty good" : "empty"}>{cost === "failed" ? "✓ No allocation failed." : isRecording && cost === "live" ? "✓ Nothing was left at the end." : "Nothing of this kind is recorded yet."}</p>}
    >
      <ModuleLegend legend={flame.legend} theme={theme} picked={view.search} onPick={(module) => change({ search: module })} />
      <p class="note faint">{foldingNote(flame.folding, flame.folding)}</p>
    </CostGraph>
  );
}
