// Finding frames by name, and how much of the cost goes through those found.
import type { FlameTree } from "./tree";

export interface Found {
  matches: Uint8Array; // by node
  count: number; // of nodes that match
  value: number; // of all stacks with a match, each counted once
  error: string; // why the text cannot be searched for
}

// "/…/" is a regular expression, anything else is looked for as it is; neither minds case.
export function matcher(query: string): (text: string) => boolean {
  const pattern = /^\/(.+)\/$/.exec(query);
  if (pattern) {
    const expression = new RegExp(pattern[1]!, "i");
    return (text) => expression.test(text);
  }
  const wanted = query.toLowerCase();
  return (text) => text.toLowerCase().includes(wanted);
}

// `texts` gives what of a frame is searched: its function, file and module.
export function search(
  tree: FlameTree,
  values: Float64Array,
  within: number,
  query: string,
  texts: (frame: number) => string[],
): Found {
  const found: Found = { matches: new Uint8Array(tree.size), count: 0, value: 0, error: "" };
  if (query === "") return found;
  let test: (text: string) => boolean;
  try {
    test = matcher(query);
  } catch (error) {
    return { ...found, error: error instanceof Error ? error.message : String(error) };
  }
  const known = new Map<number, boolean>();
  const hits = (frame: number): boolean => {
    const before = known.get(frame);
    if (before !== undefined) return before;
    const hit = texts(frame).some(test);
    known.set(frame, hit);
    return hit;
  };
  // A node counts unless one of its callers does, so no stack is counted twice.
  const inside = new Uint8Array(tree.size);
  const counted = new Uint8Array(tree.size);
  inside[within] = 1;
  for (let node = 0; node < tree.size; ++node) {
    const parent = tree.parent[node]!;
    if (node !== within && node !== 0) inside[node] = inside[parent]!;
    if (tree.frame[node]! >= 0 && hits(tree.frame[node]!)) {
      found.matches[node] = 1;
      ++found.count;
    }
    counted[node] = found.matches[node]! | (node === within || node === 0 ? 0 : counted[parent]!);
    if (inside[node] && counted[node] && (node === within || !counted[parent])) found.value += values[node]!;
  }
  // What lies below a match outside of the zoomed frame is a stack with a match all the same.
  for (let node = within; node > 0; node = tree.parent[node]!) {
    if (found.matches[node]) found.value = values[within]!;
  }
  return found;
}
