// A report of the daemon as a flame graph: what is live, was live at the peak, was ever allocated, and
// how many calls failed, by stack. Pure but for the frame table that it adds to.
import { buildFlame, type CostedStack } from "../flame/build";
import { assignHues } from "../flame/colors";
import { readFlame, type FlameTree } from "../flame/tree";
import { NameModel } from "../data/name_model";
import { COSTS, type LiveCost } from "./address";
import type { FrameTable } from "./frame_table";
import type { SessionReport } from "./types";

export const MOST_NODES = 20_000;

export interface LiveFlame {
  tree: FlameTree<LiveCost>;
  names: NameModel;
  hue(module: string): number | undefined;
  legend: { module: string; hue: number }[];
  folding: { folded: number; crowded: boolean; leastShare: number; mostNodes: number };
}

export function liveFlame(report: SessionReport, table: FrameTable): LiveFlame {
  const process = report.processes[0];
  const frameOf = report.frames.map((frame) => table.add(frame));
  const paths = new Map<number, number[]>();
  for (const { id, frames } of report.stacks) {
    const path = frames.map((frame) => frameOf[frame] ?? table.noStack).reverse();
    paths.set(id, path.length > 0 ? path : [table.noStack]);
  }
  const stacks: CostedStack<LiveCost>[] = [];
  const add = (stack: number, costs: Partial<Record<LiveCost, number>>) =>
    stacks.push({ path: paths.get(stack) ?? [table.noStack], costs: { live: 0, peak: 0, allocated: 0, failed: 0, ...costs } });
  for (const site of process?.sites ?? []) {
    add(site.stack, { live: site.live_bytes, peak: site.peak_bytes, allocated: site.allocated_bytes });
  }
  for (const failure of process?.failures ?? []) add(failure.stack, { failed: failure.count });
  const data = buildFlame(COSTS, stacks, (frame) => table.group(frame), MOST_NODES);
  const tree = readFlame(data);
  const names = new NameModel(table.tables);
  const hues = assignHues(costByModule(tree, names, process?.exe ?? ""));
  return {
    tree,
    names,
    hue: (module) => hues.get(module),
    legend: [...hues].map(([module, hue]) => ({ module, hue })),
    folding: { folded: data.folded, crowded: data.leastShare > 0, leastShare: data.leastShare, mostNodes: MOST_NODES },
  };
}

// The program itself comes first: its frames are what a reader looks for.
function costByModule(tree: FlameTree<LiveCost>, names: NameModel, program: string): Map<string, number> {
  const cost = new Map<string, number>();
  for (let node = 1; node < tree.size; ++node) {
    if (tree.frame[node]! < 0) continue;
    const { module } = names.frame(tree.frame[node]!);
    cost.set(module, (cost.get(module) ?? 0) + tree.own.allocated[node]!);
  }
  if (cost.has(program)) cost.set(program, Infinity);
  return cost;
}
