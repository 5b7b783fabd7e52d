// Where each frame of a flame graph lies: rows of boxes, positions as fractions of the whole width,
// so that a resize needs no new layout. Children stand beside each other, largest first, below (or
// above) their parent; folded small frames come last.
import type { FlameTree } from "./tree";

export interface Layout {
  rows: Int32Array[]; // nodes by row, left to right; row 0 is the root
  rowOf: Int32Array; // by node, also of nodes that are in no row
  left: Float64Array; // by node, 0 to 1; meaningless for nodes that are not in a row
  width: Float64Array;
  zoomed: number;
  depth: number; // of the zoomed node: the rows above it are its callers, over the whole width
}

// `values` is what widths stand for. `zoomed` and its callers fill the width. Nodes that would be
// narrower than `least` (a fraction) are left out, with all below them.
export function layOut(tree: FlameTree, values: Float64Array, zoomed: number, least = 0): Layout {
  const left = new Float64Array(tree.size);
  const width = new Float64Array(tree.size);
  const rows: number[][] = [];
  for (let node = zoomed; ; node = tree.parent[node]!) {
    rows.unshift([node]);
    width[node] = 1;
    if (node === 0) break;
  }
  const depth = rows.length - 1;
  const whole = values[zoomed]!;
  let row = whole > 0 ? [zoomed] : [];
  while (row.length > 0) {
    const next: number[] = [];
    for (const node of row) {
      let at = left[node]!;
      for (const child of inOrder(tree, values, node)) {
        const share = values[child]! / whole;
        if (share <= least) continue;
        left[child] = at;
        width[child] = share;
        at += share;
        next.push(child);
      }
    }
    if (next.length > 0) rows.push(next);
    row = next;
  }
  return { rows: rows.map((nodes) => Int32Array.from(nodes)), rowOf: tree.depth, left, width, zoomed, depth };
}

function inOrder(tree: FlameTree, values: Float64Array, node: number): number[] {
  return [...tree.children[node]!].sort((a, b) => {
    const folded = Number(tree.folded[a]! > 0) - Number(tree.folded[b]! > 0);
    return folded || values[b]! - values[a]! || a - b;
  });
}

// The node in a row at a fraction of the width; −1 where there is none.
export function nodeAt(layout: Layout, row: number, fraction: number): number {
  const nodes = layout.rows[row];
  if (nodes === undefined) return -1;
  let low = 0;
  let high = nodes.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const node = nodes[middle]!;
    if (fraction < layout.left[node]!) high = middle - 1;
    else if (fraction >= layout.left[node]! + layout.width[node]!) low = middle + 1;
    else return node;
  }
  return -1;
}

export type Step = "caller" | "callee" | "previous" | "next" | "first";

// Where a key leads from a node: to its caller, its largest callee, its neighbours in the row.
// Stays where there is nothing in that direction.
export function step(tree: FlameTree, layout: Layout, from: number, direction: Step): number {
  if (direction === "first") return layout.zoomed;
  const row = layout.rows[tree.depth[from]!];
  if (row === undefined) return layout.zoomed;
  if (direction === "caller") return from === 0 ? 0 : tree.parent[from]!;
  if (direction === "callee") {
    const below = layout.rows[tree.depth[from]! + 1];
    return below?.find((node) => tree.parent[node] === from) ?? from;
  }
  const at = row.indexOf(from);
  return row[at + (direction === "next" ? 1 : -1)] ?? from;
}
