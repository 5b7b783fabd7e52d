// A flame graph's tree in the shape that layout, search and drawing need: parallel arrays, node 0 is
// the root, children after their parents.
import type { FlameData } from "../data/document";

// `Name` is what the numbers of each node are called.
export interface FlameTree<Name extends string = string> {
  size: number;
  parent: Int32Array;
  depth: Int32Array;
  frame: Int32Array; // number of the frame; −1 of the root and of folded nodes
  several: Uint8Array; // 1: the node stands for several lines of its function
  folded: Int32Array; // how many small frames this node stands for; 0: it is a function
  children: number[][];
  own: Record<Name, Float64Array>;
  total: Record<Name, Float64Array>;
}

export function readFlame<Name extends string>(data: FlameData<Name>): FlameTree<Name> {
  const names = Object.keys(data.own) as Name[];
  const size = data.up.length + 1;
  const perCost = () =>
    Object.fromEntries(names.map((name) => [name, new Float64Array(size)])) as Record<Name, Float64Array>;
  const tree: FlameTree<Name> = {
    size,
    parent: new Int32Array(size),
    depth: new Int32Array(size),
    frame: new Int32Array(size).fill(-1),
    several: new Uint8Array(size),
    folded: new Int32Array(size),
    children: Array.from({ length: size }, () => []),
    own: perCost(),
    total: perCost(),
  };
  const path = [0]; // nodes from the root to the last one added
  for (let node = 1; node < size; ++node) {
    for (let up = data.up[node - 1] ?? 0; up > 0; --up) path.pop();
    const parent = path[path.length - 1];
    if (parent === undefined) throw new Error(`flame graph: node ${node} has no parent`);
    tree.parent[node] = parent;
    tree.depth[node] = path.length;
    tree.children[parent]!.push(node);
    path.push(node);
    const code = data.frame[node - 1] ?? 0;
    if (code < 0) {
      tree.folded[node] = -code;
    } else {
      tree.frame[node] = code >> 1;
      tree.several[node] = code & 1;
    }
  }
  for (const cost of names) {
    const own = tree.own[cost];
    const total = tree.total[cost];
    for (let node = size - 1; node > 0; --node) {
      own[node] = data.own[cost][node - 1] ?? 0;
      total[node]! += own[node]!;
      total[tree.parent[node]!]! += total[node]!;
    }
  }
  return tree;
}

// From the child of the root down to the node itself; empty for the root.
export function pathTo(tree: FlameTree, node: number): number[] {
  const path: number[] = [];
  for (let at = node; at > 0; at = tree.parent[at]!) path.unshift(at);
  return path;
}

export function shareOf<Name extends string>(tree: FlameTree<Name>, cost: Name, node: number, within = 0): number {
  const whole = tree.total[cost][within]!;
  return whole > 0 ? tree.total[cost][node]! / whole : 0;
}

// The node of another tree that the same functions lead to, as far as they do: what stays zoomed
// when the reader looks at another process.
export function samePlace(from: FlameTree, node: number, to: FlameTree): number {
  let place = 0;
  for (const step of pathTo(from, node)) {
    const same = to.children[place]!.find((child) => to.frame[child] === from.frame[step] && to.folded[child] === 0);
    if (same === undefined) return place;
    place = same;
  }
  return place;
}
