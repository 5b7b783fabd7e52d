// Where the peak of a heap belongs among the samples that it lies between. Pure.

interface OfHeap {
  at: number[]; // in order
  heap: (number | null)[];
}

// The same lines with a moment more, of which only the heap is known.
export type WithMoment<T extends OfHeap> = { [K in keyof T]: K extends "at" ? number[] : (number | null)[] };

// A peak's time is cut to milliseconds, those of samples are not: a sample up to `cut` seconds later that has less
// heap came before it, or else the line would fall and rise once more there.
export function momentOfPeak(lines: OfHeap, at: number, heap: number, cut = 0.001): number {
  const earlier = lines.at.findLast((moment, i) => moment > at && moment < at + cut && (lines.heap[i] ?? heap) < heap);
  return earlier ?? at;
}

// The lines with so much heap at a moment. Of the others nothing is known then: null.
export function withHeapAt<T extends OfHeap>(lines: T, at: number, heap: number): WithMoment<T> {
  const found = lines.at.findIndex((moment) => moment >= at);
  const index = found < 0 ? lines.at.length : found;
  if (lines.at[index] === at) {
    const raised = lines.heap.map((value, i) => (i === index ? Math.max(value ?? 0, heap) : value));
    return { ...lines, heap: raised } as WithMoment<T>;
  }
  const known: Record<string, number> = { at, heap };
  const insert = ([name, values]: [string, (number | null)[]]) => [name, [...values.slice(0, index), known[name] ?? null, ...values.slice(index)]];
  return Object.fromEntries(Object.entries(lines).map(insert)) as WithMoment<T>;
}
