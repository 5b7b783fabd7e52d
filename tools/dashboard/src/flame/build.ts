// A flame graph's data from stacks with numbers: equal beginnings become one node, small frames are
// folded until what is left can be drawn. Pure.
import type { FlameData } from "../data/document";

export interface CostedStack<Name extends string> {
  path: number[]; // frames, outermost first
  costs: Record<Name, number>;
}

interface Node<Name extends string> {
  frame: number;
  several: boolean;
  own: Record<Name, number>;
  total: Record<Name, number>;
  children: Map<number, Node<Name>>;
}

const SHARES = [0, 1e-5, 1e-4, 1e-3, 1e-2];

// Frames of one `group` become one node: a function's, whatever the line. No path is empty.
export function buildFlame<Name extends string>(
  names: readonly Name[],
  stacks: CostedStack<Name>[],
  group: (frame: number) => number,
  mostNodes: number,
): FlameData<Name> & { leastShare: number } {
  const nothing = () => Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
  const makeNode = (frame: number): Node<Name> => ({ frame, several: false, own: nothing(), total: nothing(), children: new Map() });
  const add = (sums: Record<Name, number>, more: Record<Name, number>) => {
    for (const name of names) sums[name] += more[name];
  };
  const root = makeNode(-1);
  for (const { path, costs } of stacks) {
    let node = root;
    add(root.total, costs);
    for (const frame of path) {
      const key = group(frame);
      let child = node.children.get(key);
      if (child === undefined) node.children.set(key, (child = makeNode(frame)));
      if (child.frame !== frame) child.several = true;
      add(child.total, costs);
      node = child;
    }
    add(node.own, costs);
  }
  // What is small by every cost is folded, with all below it.
  const isSmall = (node: Node<Name>, share: number) => names.every((name) => node.total[name] <= share * root.total[name]);
  const countOf = (node: Node<Name>, share: number): number => {
    let count = 1;
    for (const child of node.children.values()) count += isSmall(child, share) ? 0 : countOf(child, share);
    return count;
  };
  const leastShare = SHARES.find((share) => countOf(root, share) <= mostNodes) ?? SHARES[SHARES.length - 1]!;

  const data: FlameData<Name> = { up: [], frame: [], own: Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>, folded: 0, crowded: false };
  let depth = 0; // of the last node that was written
  const write = (at: number, code: number, own: Record<Name, number>) => {
    data.up.push(depth - at + 1);
    data.frame.push(code);
    for (const name of names) data.own[name].push(own[name]);
    depth = at;
  };
  const visit = (node: Node<Name>, at: number) => {
    const folded = { count: 0, own: nothing() };
    for (const child of node.children.values()) {
      if (isSmall(child, leastShare)) {
        folded.count += 1;
        add(folded.own, child.total);
        continue;
      }
      write(at + 1, child.frame * 2 + Number(child.several), child.own);
      visit(child, at + 1);
    }
    if (folded.count > 0 && names.some((name) => folded.own[name] > 0)) {
      write(at + 1, -folded.count, folded.own);
      data.folded += folded.count;
    }
  };
  visit(root, 0);
  return { ...data, leastShare };
}
