// The history of one process as the lines of charts. Pure.
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

// The moment of the most heap lies between samples; of the rest nothing is known then.
export function withPeak(lines: Lines, at: number, heap: number): Lines {
  const found = lines.at.findIndex((moment) => moment >= at);
  if (found < 0 || heap === 0 || lines.heap.every((value) => value === null)) return lines;
  if (lines.at[found] === at) return { ...lines, heap: lines.heap.map((value, i) => (i === found ? Math.max(value ?? 0, heap) : value)) };
  const insert = <T>(values: T[], value: T): T[] => [...values.slice(0, found), value, ...values.slice(found)];
  return {
    at: insert(lines.at, at),
    rss: insert<number | null>(lines.rss, null),
    heap: insert<number | null>(lines.heap, heap),
    external: insert<number | null>(lines.external, null),
    ratio: insert<number | null>(lines.ratio, null),
    rate: insert<number | null>(lines.rate, null),
  };
}

// Times of a recording, whose time of day nobody asks for. Samples are dated by the millisecond.
export function sinceStart(lines: Lines, start: number): Lines {
  return { ...lines, at: lines.at.map((at) => Math.max(0, at - start)) };
}

export const latest = (values: (number | null)[]): number | null => values.findLast((value) => value !== null) ?? null;
