// Heap and RSS over time, for one process or several as their sum.
import type { Process, Timeline } from "../data/document";
import { momentOfPeak, withHeapAt } from "./peak";

export interface Series {
  at: number[];
  heap: number[];
  rss: number[];
  mapped: number[];
}

const EMPTY: Series = { at: [], heap: [], rss: [], mapped: [] };

type Sampled = Pick<Process, "timeline" | "start" | "duration"> & Partial<Pick<Process, "peak" | "peakAt">>;

// Processes are sampled at different times. At each time that any of them was sampled, the sum takes
// the last sample of each that had begun and not ended. Beyond `most` moments neighbours are merged;
// of those that are, the ones with most heap and most RSS stay, so that no peak disappears. The peak
// of each heap is known better than by samples and counts as one.
export function sumSeries(processes: Sampled[], most = 1200): Series {
  const some = processes.filter((process) => process.timeline.at.length > 0);
  if (some.length === 0) return EMPTY;
  if (some.length === 1) return { ...some[0]!.timeline };
  const sampled = some.map((process) => ({ ...process, timeline: withPeak(process) }));
  const moments = new Set<number>();
  for (const process of sampled) {
    for (const at of process.timeline.at) moments.add(at);
    moments.add(process.start + process.duration);
  }
  const at = [...moments].sort((a, b) => a - b);
  const index = new Map(at.map((moment, i) => [moment, i]));
  const sum = (name: keyof Omit<Timeline, "at">) => {
    const total = new Array<number>(at.length).fill(0);
    for (const process of sampled) addSteps(total, at, index, process, process.timeline[name]);
    return total;
  };
  return thinned({ at, heap: sum("heap"), rss: sum("rss"), mapped: sum("mapped") }, most);
}

function withPeak({ timeline, peak, peakAt }: Sampled): Timeline {
  if (peak === undefined || peakAt === undefined || peak === 0) return timeline;
  const { at, heap, rss, mapped } = withHeapAt(timeline, momentOfPeak(timeline, peakAt, peak), peak);
  const filled = (values: (number | null)[]) => values.map((value, i) => value ?? values[i - 1] ?? values[i + 1] ?? 0);
  return { at, heap: filled(heap), rss: filled(rss), mapped: filled(mapped) };
}

function addSteps(total: number[], at: number[], index: Map<number, number>, process: Sampled, values: number[]): void {
  const times = process.timeline.at;
  const end = index.get(process.start + process.duration)!;
  let next = 0;
  for (let i = index.get(times[0]!)!; i < end; ++i) {
    while (next + 1 < times.length && times[next + 1]! <= at[i]!) ++next;
    total[i]! += values[next]!;
  }
}

function thinned(series: Series, most: number): Series {
  if (series.at.length <= most) return series;
  const kept = new Set([0, series.at.length - 1]);
  const group = (2 * series.at.length) / most;
  for (let begin = 0; begin < series.at.length; begin += group) {
    const end = Math.min(series.at.length, Math.floor(begin + group));
    for (const values of [series.heap, series.rss]) {
      let best = Math.floor(begin);
      for (let i = best; i < end; ++i) if (values[i]! > values[best]!) best = i;
      kept.add(best);
    }
  }
  const order = [...kept].sort((a, b) => a - b);
  const pick = (values: number[]) => order.map((i) => values[i]!);
  return { at: pick(series.at), heap: pick(series.heap), rss: pick(series.rss), mapped: pick(series.mapped) };
}

// The index of the moment nearest to `at`; −1 of an empty series.
export function nearest(times: number[], at: number): number {
  let best = -1;
  for (let i = 0; i < times.length; ++i) {
    if (best < 0 || Math.abs(times[i]! - at) < Math.abs(times[best]! - at)) best = i;
  }
  return best;
}

// Indices of so many moments, evenly spread over the time: what a table of a chart shows.
export function spacedMoments(times: number[], rows: number): number[] {
  const [first, last] = [times[0] ?? 0, times[times.length - 1] ?? 0];
  const moments = Array.from({ length: rows }, (_, i) => nearest(times, first + ((last - first) * i) / (rows - 1)));
  return [...new Set(moments)].filter((index) => index >= 0);
}

// Steps of an axis of bytes, so that its marks are 512 KiB and 1 MiB rather than 500 000.
export const BYTE_STEPS = Array.from({ length: 60 }, (_, i) => 2 ** i);
