import assert from "node:assert/strict";
import { test } from "node:test";
import { buildFlame } from "../src/flame/build";
import { pathTo, readFlame, samePlace } from "../src/flame/tree";
import { FrameTable } from "../src/live/frame_table";
import { liveFlame } from "../src/live/live_flame";
import type { ReportFrame, SessionReport } from "../src/live/types";

const frame = (name: string | null, line = 1, module = "/bin/app"): ReportFrame => ({ function: name, file: name === null ? null : "app.cpp", line, module, offset: "0x10", inlined: false });

function report(frames: ReportFrame[], stacks: number[][], sites: [number, number, number, number][], failures: [number, number][] = []): SessionReport {
  return {
    processes: [{ pid: 1, exe: "/bin/app", failures: failures.map(([stack, count]) => ({ stack, count })), sites: sites.map(([stack, live_bytes, peak_bytes, allocated_bytes]) => ({ stack, live_bytes, peak_bytes, allocated_bytes })) }],
    stacks: stacks.map((list, id) => ({ id, frames: list })),
    frames,
  };
}

test("stacks become a tree from the outermost frame in, sums are those of the sites", () => {
  const { tree, names } = liveFlame(report([frame("leaf"), frame("main"), frame("other")], [[0, 1], [2, 1]], [[0, 5, 7, 9], [1, 1, 1, 1]], [[1, 3]]), new FrameTable());
  const nodes = Array.from({ length: tree.size }, (_, node) => [names.nodeName(tree, node), tree.total.live[node], tree.total.failed[node]]);
  assert.deepEqual(nodes, [["all stacks", 6, 3], ["main", 6, 3], ["leaf", 5, 0], ["other", 1, 3]]);
  assert.deepEqual([tree.total.peak[0], tree.total.allocated[0]], [8, 10]);
});

test("lines of one function are one node that says so; a frame without name says where it is", () => {
  const { tree, names } = liveFlame(report([frame("main", 1), frame("main", 2), frame(null)], [[2, 0], [2, 1]], [[0, 1, 1, 1], [1, 2, 2, 2]]), new FrameTable());
  assert.equal(tree.size, 3);
  assert.deepEqual([names.nodeName(tree, 1), names.nodePlace(tree, 1)], ["main", "app.cpp:1 and other lines · app"]);
  assert.equal(names.nodeName(tree, 2), "app+0x10");
});

test("an empty stack is a node of its own, not lost", () => {
  const { tree, names } = liveFlame(report([], [[]], [[0, 4, 4, 4]]), new FrameTable());
  assert.deepEqual([tree.total.live[0], names.nodeName(tree, 1)], [4, "(no stack was recorded)"]);
});

test("what is zoomed is found again in the next report, whatever its numbers", () => {
  const table = new FrameTable();
  const before = liveFlame(report([frame("leaf"), frame("main")], [[0, 1]], [[0, 5, 5, 5]]), table).tree;
  const after = liveFlame(report([frame("new"), frame("main"), frame("leaf")], [[0, 1], [2, 1]], [[0, 9, 9, 9], [1, 5, 5, 5]]), table).tree;
  const place = samePlace(before, 2, after);
  assert.deepEqual(pathTo(after, place).map((node) => after.total.live[node]), [14, 5]);
});

test("more than can be drawn is folded, sums stay", () => {
  const stacks = Array.from({ length: 500 }, (_, i) => ({ path: [0, i + 1, 1000 + i], costs: { live: i === 0 ? 1_000_000 : 1 } }));
  const data = buildFlame(["live"] as const, stacks, (number) => number, 100);
  const tree = readFlame(data);
  assert.ok(tree.size <= 101, String(tree.size));
  assert.equal(tree.total.live[0], 1_000_499);
  assert.equal(data.folded, 499);
  assert.ok(data.leastShare > 0);
});
