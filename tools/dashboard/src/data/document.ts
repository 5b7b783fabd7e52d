// The data a report page is made from: the JSON that tools/render/html_document.h writes. Only plain
// objects and numbers; strings, frames and stacks are numbers into the tables at the end.
// Bytes and counts are JavaScript numbers: exact up to 2^53.

export const SCHEMA = "memwatch.html/1";

export const COSTS = ["leaked", "peak", "allocated", "allocations", "temporary"] as const;
export type Cost = (typeof COSTS)[number];
export type PerCost<T> = Record<Cost, T>;

export interface Timeline {
  at: number[];
  heap: number[];
  mapped: number[];
  rss: number[];
}

export interface Process {
  pid: number;
  ppid: number;
  depth: number;
  name: string;
  exe: string;
  command: string[];
  start: number;
  duration: number;
  end: string;
  replaced: boolean;
  mode: "exact" | "sample" | "idle";
  exact: boolean;
  allocations: number;
  allocated: number;
  failed: number;
  live: number;
  liveBlocks: number;
  peak: number;
  peakError: number;
  peakBlocks: number;
  peakAt: number;
  rss: number;
  timeline: Timeline;
}

// Columns of the rows that are in the document, and the sums over those that are not.
export interface List<Name extends string, Summed extends Name> {
  count: number;
  columns: Record<Name, number[]>;
  rest: Record<Summed | "count", number>;
}

export interface FlameData<Name extends string = Cost> {
  up: number[];
  frame: number[];
  own: Record<Name, number[]>;
  folded: number;
  crowded: boolean;
}

type SiteSum = "allocations" | "reallocations" | "allocated" | "liveBlocks" | "live" | "peak" | "temporary";
export type SiteErrors = Partial<Record<"liveError" | "peakError" | "allocatedError", number[]>>;
export type SiteList = Omit<List<SiteSum | "stack" | "ownPeak", SiteSum>, "columns"> & {
  columns: Record<SiteSum | "stack" | "ownPeak", number[]> & SiteErrors;
};

export type LeakList = List<"bytes" | "blocks" | "kind" | "stack" | "upkeep", "bytes" | "blocks"> & {
  doubt: string; // why not everything was seen of what a leak check judged; "" where it was
  kinds: { kind: string; bytes: number; blocks: number }[];
};

type OwnCost = `${Cost}Own`;
export type FunctionList = List<"frame" | Cost | OwnCost, OwnCost>;

export interface Module {
  path: number;
  allocations: number;
  reallocations: number;
  allocated: number;
  live: number;
  liveBlocks: number;
  peak: number;
  temporary: number;
  allocatedError: number;
  liveError: number;
  peakError: number;
}

export interface Scope {
  processes: number[];
  totals: {
    allocations: number;
    reallocations: number;
    frees: number;
    allocated: number;
    allocatedError: number;
    freed: number;
    temporary: number;
    failed: number;
    large: number;
    notFreed: number;
    notFreedBlocks: number;
    notFreedError: number;
    execBytes: number;
    peakSum: number;
    mapped: number;
    mappedAtEnd: number;
    duration: number;
  };
  pids: number;
  largest?: number;
  end?: string;
  sampled: boolean;
  idle: boolean;
  exact: boolean;
  exactness: string;
  notFreedPhrase: string;
  rss?: { peak: number; process: number; coverage: string[] };
  remarks: string[];
  flame: FlameData;
  sites: SiteList;
  leaks: LeakList;
  functions: FunctionList;
  modules: Module[];
  sizes: { from: number; to: number; allocations: number; bytes: number; error: number }[];
  calls: { name: string; calls: number; bytes: number; failed: number }[];
}

export interface Failure {
  process: number;
  function: string;
  requested: number;
  error: string;
  times: number;
  at: number;
  injected: boolean;
  stack: number;
}

export interface LargeAllocation {
  process: number;
  function: string;
  requested: number;
  address: string;
  at: number;
  tid: number;
  stack: number;
}

export interface Thread {
  process: number;
  tid: number;
  name: string;
  allocations: number;
  reallocations: number;
  frees: number;
  allocated: number;
  freed: number;
  temporary: number;
  failed: number;
}

// What stacks and frames are numbers into.
export interface Tables {
  strings: string[];
  frames: { function: number[]; file: number[]; line: number[]; module: number[]; kind: number[] };
  stacks: { parent: number[]; frame: number[] };
}

export interface Report extends Tables {
  schema: typeof SCHEMA;
  version: string;
  complete: boolean;
  host: string;
  startedAt: string;
  command: string[];
  session: string;
  filter: string;
  exclude: string;
  cost: Cost;
  leastShare: number;
  mostNodes: number;
  processes: Process[];
  failures: { count: number; rows: Failure[] };
  large: { threshold: number; count: number; rows: LargeAllocation[] };
  threads: { count: number; rows: Thread[] };
  scopes: Scope[];
}

export const DIFF_SCHEMA = "memwatch.html-diff/1";

// What tools/render/html_diff.h writes: stacks with what they cost before and after.
export type DiffCost = "before" | "after" | "grown" | "shrunk";

export interface Diff extends Tables {
  schema: typeof DIFF_SCHEMA;
  version: string;
  metric: string;
  isBytes: boolean;
  before: { session: string; total: number };
  after: { session: string; total: number };
  remarks: string[];
  leastShare: number;
  mostNodes: number;
  flame: FlameData<DiffCost>;
  rows: List<DiffCost | "stack", DiffCost>;
}

export function readDocument(text: string): Report | Diff {
  const document = JSON.parse(text) as Report | Diff;
  if (document.schema !== SCHEMA && document.schema !== DIFF_SCHEMA) {
    throw new Error(`this page reads ${SCHEMA} and ${DIFF_SCHEMA}, the data is ${(document as { schema: string }).schema}`);
  }
  return document;
}
