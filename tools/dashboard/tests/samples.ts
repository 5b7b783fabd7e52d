// Small pieces of reports, written by hand for the tests.
import { COSTS, type FlameData, type PerCost } from "../src/data/document";

export function costs(values: number[]): PerCost<number[]> {
  return Object.fromEntries(COSTS.map((cost) => [cost, values])) as PerCost<number[]>;
}

// Nodes as [levels up, frame or minus the number of folded ones, several, own bytes at the peak].
export function flame(nodes: [number, number, boolean, number][]): FlameData {
  const zeros = nodes.map(() => 0);
  return {
    up: nodes.map(([up]) => up),
    frame: nodes.map(([, frame, several]) => (frame < 0 ? frame : frame * 2 + Number(several))),
    own: { ...costs(zeros), peak: nodes.map(([, , , own]) => own) },
    folded: 0,
    crowded: false,
  };
}
