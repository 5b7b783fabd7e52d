import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, sumSeries } from "../src/timeline/series";

const process = (start: number, duration: number, at: number[], heap: number[], rss = heap) => ({
  start,
  duration,
  timeline: { at, heap, rss, mapped: heap.map(() => 0) },
});

test("one process is its own series", () => {
  const { at, heap } = sumSeries([process(0, 3, [0, 1, 2], [5, 6, 7])]);
  assert.deepEqual([at, heap], [[0, 1, 2], [5, 6, 7]]);
});

test("several are summed while they live, with the last sample of each", () => {
  const { at, heap, rss } = sumSeries([process(0, 4, [0, 2], [10, 20], [1, 2]), process(1, 2, [1, 2.5], [100, 200], [7, 8])]);
  assert.deepEqual(at, [0, 1, 2, 2.5, 3, 4]);
  assert.deepEqual(heap, [10, 110, 120, 220, 20, 0]);
  assert.deepEqual(rss, [1, 8, 9, 10, 2, 0]);
});

test("the peak of each counts, though it lies between samples", () => {
  const short = { ...process(0, 2, [0, 1], [1, 1]), peak: 50, peakAt: 0.5 };
  const { at, heap, rss } = sumSeries([short, process(0, 2, [0], [3])]);
  assert.equal(heap[at.indexOf(0.5)], 53);
  assert.equal(rss[at.indexOf(0.5)], 4, "RSS as it was last seen");
  assert.equal(heap[at.indexOf(1)], 4);
});

test("a long run is thinned and keeps its peaks", () => {
  const times = Array.from({ length: 5000 }, (_, i) => i);
  const spiky = times.map((i) => (i === 3333 ? 1e9 : i % 7));
  const { at, heap } = sumSeries([process(0, 5000, times, spiky), process(0, 5000, [0.5], [1])], 300);
  assert.ok(at.length <= 302, String(at.length));
  assert.equal(Math.max(...heap), 1e9 + 1);
  assert.deepEqual([at[0], at[at.length - 1]], [0, 5000]);
  assert.ok(at.every((moment, i) => i === 0 || moment > at[i - 1]!), "in order");
});

test("nothing sampled is an empty series", () => {
  assert.deepEqual(sumSeries([process(0, 1, [], [])]).at, []);
  assert.deepEqual(sumSeries([]).at, []);
});

test("the nearest moment", () => {
  assert.equal(nearest([0, 1, 5], 2.9), 1);
  assert.equal(nearest([0, 1, 5], 3.1), 2);
  assert.equal(nearest([], 1), -1);
});
