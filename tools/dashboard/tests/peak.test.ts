import assert from "node:assert/strict";
import { test } from "node:test";
import { momentOfPeak, withHeapAt } from "../src/timeline/peak";

test("a moment of the heap is put in its place, of the rest nothing is known there", () => {
  const series = { at: [0, 2], heap: [1, 3], rss: [5, 6], mapped: [0, 0] };
  assert.deepEqual(withHeapAt(series, 1, 9), { at: [0, 1, 2], heap: [1, 9, 3], rss: [5, null, 6], mapped: [0, null, 0] });
  assert.deepEqual(withHeapAt(series, 2, 9).heap, [1, 9]);
  assert.deepEqual(withHeapAt(series, 5, 9).at, [0, 2, 5]);
});

test("a peak comes after the samples of its millisecond that have less heap", () => {
  const series = { at: [0.0028, 0.0029, 0.0131], heap: [0, 4, 32], rss: [1, 1, 1], mapped: [0, 0, 0] };
  assert.equal(momentOfPeak(series, 0.002, 32), 0.0029);
  assert.deepEqual(withHeapAt(series, 0.0029, 32).heap, [0, 32, 32]);
  assert.equal(momentOfPeak(series, 0.002, 4), 0.0028, "a sample that shows it is it");
  assert.equal(momentOfPeak(series, 0.013, 32), 0.013);
  assert.equal(momentOfPeak(series, 0.005, 40), 0.005, "no sample of that millisecond");
});
