import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut, nodeAt, step } from "../src/flame/layout";
import { search } from "../src/flame/search";
import { pathTo, readFlame, samePlace, shareOf, type FlameTree } from "../src/flame/tree";
import type { Cost } from "../src/data/document";
import { costs, flame } from "./samples";

// root ─ main ─┬ load ─ malloc_wrapper (60)      frames: 1 main, 2 load, 3 wrapper, 4 serve
//              ├ serve (30)
//              └ (3 small frames) (10)
const tree = readFlame(
  flame([
    [0, 1, false, 0],
    [0, 2, true, 0],
    [0, 3, false, 60],
    [2, 4, false, 30],
    [1, -3, false, 10],
  ]),
);
const values = tree.total.peak;
const NAMES = ["", "main", "load", "malloc_wrapper", "serve"];
const find = (query: string, within = 0) => search(tree, values, within, query, (frame) => [NAMES[frame]!]);

test("a tree is read from its columns, totals are summed from what nodes cost by themselves", () => {
  assert.equal(tree.size, 6);
  assert.deepEqual([...tree.parent], [0, 0, 1, 2, 1, 1]);
  assert.deepEqual([...tree.depth], [0, 1, 2, 3, 2, 2]);
  assert.deepEqual([...tree.frame], [-1, 1, 2, 3, 4, -1]);
  assert.deepEqual([...tree.several], [0, 0, 1, 0, 0, 0]);
  assert.deepEqual([...tree.folded], [0, 0, 0, 0, 0, 3]);
  assert.deepEqual([...values], [100, 100, 60, 60, 30, 10]);
  assert.equal(tree.own.peak[2], 0);
  assert.deepEqual(pathTo(tree, 3), [1, 2, 3]);
  assert.equal(shareOf(tree, "peak", 4), 0.3);
  assert.equal(shareOf(tree, "peak", 3, 2), 1);
  assert.equal(shareOf(tree, "leaked", 3), 0, "of a cost that nothing has");
});

test("a tree whose columns contradict each other is refused", () => {
  assert.throws(() => readFlame(flame([[3, 1, false, 1]])), /node 1 has no parent/);
});

test("boxes are as wide as their share, largest first, small frames last", () => {
  const layout = layOut(tree, values, 0);
  assert.deepEqual(
    layout.rows.map((row) => [...row]),
    [[0], [1], [2, 4, 5], [3]],
  );
  [0, 0.6, 0.9].forEach((left, i) => assert.ok(Math.abs(layout.left[[2, 4, 5][i]!]! - left) < 1e-12));
  assert.ok(Math.abs(layout.width[5]! - 0.1) < 1e-12);
  for (const row of layout.rows) {
    for (let i = 1; i < row.length; ++i) {
      assert.ok(layout.left[row[i]!]! >= layout.left[row[i - 1]!]! + layout.width[row[i - 1]!]! - 1e-12, "no overlap");
    }
  }
});

test("children lie within their parents and never sum to more, on random trees", () => {
  const random = randomTree(500, 7);
  const layout = layOut(random, random.total.allocated, 0);
  for (const row of layout.rows) {
    for (const node of row) {
      const parent = random.parent[node]!;
      assert.ok(layout.left[node]! >= layout.left[parent]! - 1e-9);
      assert.ok(layout.left[node]! + layout.width[node]! <= layout.left[parent]! + layout.width[parent]! + 1e-9);
    }
  }
  for (let node = 0; node < random.size; ++node) {
    const children = random.children[node]!.reduce((sum, child) => sum + random.total.allocated[child]!, 0);
    assert.equal(children + random.own.allocated[node]!, random.total.allocated[node]);
  }
});

test("a zoomed frame and its callers fill the width, its siblings are gone", () => {
  const layout = layOut(tree, values, 2);
  assert.deepEqual(
    layout.rows.map((row) => [...row]),
    [[0], [1], [2], [3]],
  );
  assert.equal(layout.width[3], 1);
  assert.equal(layout.depth, 2);
});

test("frames without the cost are not drawn, and a graph without any is its root", () => {
  const nothing = new Float64Array(tree.size);
  assert.deepEqual(
    layOut(tree, nothing, 0).rows.map((row) => [...row]),
    [[0]],
  );
});

test("the box under a point is found, edges belong to the right one", () => {
  const layout = layOut(tree, values, 0);
  assert.equal(nodeAt(layout, 2, 0), 2);
  assert.equal(nodeAt(layout, 2, 0.59), 2);
  assert.equal(nodeAt(layout, 2, 0.6), 4);
  assert.equal(nodeAt(layout, 2, 0.95), 5);
  assert.equal(nodeAt(layout, 3, 0.7), -1, "nothing is called there");
  assert.equal(nodeAt(layout, 9, 0.5), -1);
});

test("keys walk to callers, the largest callee and neighbours, and stop at the edges", () => {
  const layout = layOut(tree, values, 0);
  assert.equal(step(tree, layout, 1, "callee"), 2);
  assert.equal(step(tree, layout, 2, "next"), 4);
  assert.equal(step(tree, layout, 4, "previous"), 2);
  assert.equal(step(tree, layout, 5, "next"), 5);
  assert.equal(step(tree, layout, 2, "caller"), 1);
  assert.equal(step(tree, layout, 0, "caller"), 0);
  assert.equal(step(tree, layout, 3, "callee"), 3);
  assert.equal(step(tree, layout, 5, "first"), 0);
});

test("a search finds names whatever their case and counts no stack twice", () => {
  const found = find("MAL");
  assert.equal(found.count, 1);
  assert.equal(found.value, 60);
  const nested = find("l"); // load, malloc_wrapper below it
  assert.equal(nested.count, 2);
  assert.equal(nested.value, 60);
  assert.deepEqual([...nested.matches], [0, 0, 1, 1, 0, 0]);
});

test("a search within a zoomed frame counts what is in it, or all of it below a match", () => {
  assert.equal(find("serve", 2).value, 0);
  assert.equal(find("wrapper", 2).value, 60);
  assert.equal(find("main", 2).value, 60);
  assert.equal(find("main", 4).value, 30);
});

test("between slashes is a regular expression, everything else is taken as it is", () => {
  assert.equal(find("/^(load|serve)$/").value, 90);
  assert.equal(find("(").count, 0);
  assert.match(find("/(/").error, /[Rr]egular expression/);
  assert.equal(find("").count, 0);
});

test("the same place is found in another process's tree as far as it goes", () => {
  const other = readFlame(
    flame([
      [0, 1, false, 5],
      [0, 4, false, 5],
    ]),
  );
  assert.equal(samePlace(tree, 4, other), 2);
  assert.equal(samePlace(tree, 3, other), 1, "main is there, load is not");
  assert.equal(samePlace(tree, 0, other), 0);
});

function randomTree(nodes: number, seed: number): FlameTree<Cost> {
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  let depth = 0;
  const rows: [number, number, boolean, number][] = [];
  for (let i = 0; i < nodes; ++i) {
    const up = i === 0 ? 0 : next(Math.min(depth + 1, 4));
    depth = depth - up + 1;
    rows.push([up, 1 + next(20), false, next(1000)]);
  }
  const data = flame(rows);
  data.own = { ...costs([]), allocated: rows.map((row) => row[3]) };
  for (const cost of ["leaked", "peak", "allocations", "temporary"] as const) data.own[cost] = rows.map(() => 0);
  return readFlame(data);
}
