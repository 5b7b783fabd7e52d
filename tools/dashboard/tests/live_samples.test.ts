import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, mergeSamples, peakMoment, sinceStart, type Lines } from "../src/live/samples";
import { withHeapAt } from "../src/timeline/peak";

const sample = (time: number, rss = 100, live_bytes: number | null = 60, allocations = 0, span = 1) => ({ pid: 1, time, span, rss, live_bytes, allocations });

test("later answers replace what they overlap with, old samples go", () => {
  const merged = mergeSamples([sample(1), sample(2), sample(3)], [sample(3, 200), sample(4)], 2);
  assert.deepEqual(merged.map(({ time, rss }) => [time, rss]), [[2, 100], [3, 200], [4, 100]]);
});

test("external is RSS without the heap, and never below nothing", () => {
  const { external, ratio } = linesOf([sample(1, 100, 60), sample(2, 100, 130), sample(3, 100, null)]);
  assert.deepEqual(external, [40, 0, null]);
  assert.deepEqual(ratio, [0.4, 0, null]);
});

test("the rate is allocations a second, unknown at the first and where the counter began anew", () => {
  const { rate } = linesOf([sample(1, 1, 1, 10), sample(3, 1, 1, 50), sample(4, 1, 1, 5)]);
  assert.deepEqual(rate, [null, 20, null]);
});

test("a time without samples is a gap, a minute between merged ones is none", () => {
  const gap = linesOf([sample(1, 1, 1, 0), sample(100, 2, 1, 99)]);
  assert.deepEqual(gap.rss, [1, null, 2]);
  assert.equal(gap.rate[2], null);
  assert.deepEqual(linesOf([sample(60, 1, 1, 0, 60), sample(120, 2, 1, 0, 60)]).rss, [1, 2]);
});

const withPeak = (lines: Lines, at: number, heap: number): Lines => {
  const moment = peakMoment(lines, at, heap);
  return moment === undefined ? lines : withHeapAt(lines, moment, heap);
};

test("the peak between samples is a point of the heap's line alone, and times count from the start", () => {
  const lines = sinceStart(withPeak(linesOf([sample(10, 100, 60), sample(11, 100, 50)]), 10.5, 90), 10);
  assert.deepEqual(lines.at, [0, 0.5, 1]);
  assert.deepEqual(lines.heap, [60, 90, 50]);
  assert.deepEqual(lines.rss, [100, null, 100]);
  assert.deepEqual([lines.external[1], lines.ratio[1], lines.rate[1]], [null, null, null]);
  const same = linesOf([sample(10, 100, 60), sample(11, 100, 50)]);
  assert.deepEqual(withPeak(same, 11, 70).heap, [60, 70], "at the moment of a sample");
  assert.deepEqual(withPeak(same, 12, 70).heap, [60, 50, 70], "after the last");
  assert.equal(peakMoment(linesOf([sample(1, 1, null)]), 1, 5), undefined, "of a heap that is not followed");
  assert.equal(peakMoment(same, 10, 0), undefined, "of a heap that had nothing");
  assert.deepEqual(sinceStart(same, 10.4).at, [0, 0.5999999999999996], "dated by the millisecond, never before the start");
});

test("beside a peak within the first millisecond the heap's line does not fall", () => {
  // The peak is cut to 100.0005 and a sample of before it rounded to 100.002.
  const lines = linesOf([sample(100.001, 1, 0), sample(100.0019, 1, 4), sample(100.013, 1, 20)]);
  assert.equal(peakMoment(lines, 100.0005, 32), 100.0019);
  assert.deepEqual(withPeak(lines, 100.0005, 32).heap, [0, 32, 20]);
  assert.equal(peakMoment(lines, 100.0003, 32), 100.001, "later than any rounding explains");
  assert.equal(peakMoment(lines, 100.012, 20), 100.012, "a sample that shows it came after it");
});

test("two samples of one moment have no rate", () => {
  assert.deepEqual(linesOf([sample(1, 1, 1, 0), sample(1, 1, 1, 9)]).rate, [null, null]);
});
