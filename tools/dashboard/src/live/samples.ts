// The history of one process as the lines of charts. Pure.
import { momentOfPeak } from "../timeline/peak";
import type { Sample } from "./types";

export interface Lines {
  at: number[]; // seconds since 1970
  rss: (number | null)[];
  heap: (number | null)[];
  external: (number | null)[]; // RSS that the traced heap does not explain; never below 0
  ratio: (number | null)[]; // external as a share of RSS
  rate: (number | null)[]; // allocations a second
}

// Older samples and those asked for later, in order of time, each moment once: the later wins. Those
// before `since` are forgotten.
export function mergeSamples(old: Sample[], fresh: Sample[], since: number): Sample[] {
  const byTime = new Map<number, Sample>();
  for (const sample of [...old, ...fresh]) if (sample.time >= since) byTime.set(sample.time, sample);
  return [...byTime.values()].sort((a, b) => a.time - b.time);
}

// A gap in what was seen is a gap in the lines, not a slope.
const GAP_SPANS = 5;

export function linesOf(samples: Sample[]): Lines {
  const lines: Lines = { at: [], rss: [], heap: [], external: [], ratio: [], rate: [] };
  const push = (at: number, rss: number | null, heap: number | null, rate: number | null) => {
    const external = rss === null || heap === null ? null : Math.max(0, rss - heap);
    lines.at.push(at);
    lines.rss.push(rss);
    lines.heap.push(heap);
    lines.external.push(external);
    lines.ratio.push(external === null || !rss ? null : external / rss);
    lines.rate.push(rate);
  };
  let before: Sample | undefined;
  for (const sample of samples) {
    const isGap = before !== undefined && sample.time - before.time > GAP_SPANS * Math.max(sample.span, before.span, 1);
    if (isGap) push((before!.time + sample.time) / 2, null, null, null);
    const calls = before === undefined || isGap ? -1 : sample.allocations - before.allocations;
    const rate = calls < 0 || sample.time <= before!.time ? null : calls / (sample.time - before!.time);
    push(sample.time, sample.rss, sample.live_bytes, rate);
    before = sample;
  }
  return lines;
}

// Of a recording both are dated by the millisecond, samples to the nearest since 1970 and the peak cut to one since
// the session's start: a sample of before the peak can be up to so much later.
const PEAK_CUT_S = 0.0015;

// When the heap was largest, so that what was sampled before lies before; undefined where no heap is followed.
export function peakMoment(lines: Lines, at: number, heap: number): number | undefined {
  return heap === 0 || lines.heap.every((value) => value === null) ? undefined : momentOfPeak(lines, at, heap, PEAK_CUT_S);
}

// Times of a recording, whose time of day nobody asks for. Samples are dated by the millisecond.
export function sinceStart(lines: Lines, start: number): Lines {
  return { ...lines, at: lines.at.map((at) => Math.max(0, at - start)) };
}

export const latest = (values: (number | null)[]): number | null => values.findLast((value) => value !== null) ?? null;
