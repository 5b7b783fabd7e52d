// What the daemon answers, as docs/openapi.json describes it. Sizes are bytes, times seconds.

// Of a process that a session file tells of.
export interface Recording {
  file: string;
  pid: number; // that it had; its number here is the server's own
  started_at: number;
  complete: boolean;
  peak_at: number;
  leak_method: "reachability" | "lifetime";
  leaks_all_seen: boolean; // of what was judged by reachability
  leaked_bytes: number;
  notes: string[];
  times_read: number;
}

export interface Process {
  pid: number;
  name: string;
  exe: string;
  command: string[];
  source: "recorded" | "elsewhere" | "polled";
  state: "running" | "ended";
  watched_for: number;
  ended_ago?: number;
  exit?: { kind: "exited" | "signaled" | "exec" | "running" | "lost"; code: number; signal: number };
  rss: { last: number; peak: number };
  mode?: "exact" | "sample" | "idle";
  collector?: number;
  sample_interval?: number;
  totals?: { allocations: number; frees: number; reallocations: number; allocated_bytes: number; freed_bytes: number; failed: number; large: number };
  heap?: { live_bytes: number | null; live_blocks: number | null; peak_bytes: number | null; live_bytes_sd?: number };
  mapped?: { live_bytes: number };
  losses?: { dropped: number; joined: boolean };
  recording?: Recording;
}

export interface MemoryEvent {
  id: number;
  kind: "large" | "failure";
  time: number;
  age: number;
  pid: number;
  process: string;
  tid: number;
  function: string;
  size: number;
  errno_name?: string;
}

export interface Status {
  memwatch_version: string;
  pid: number;
  uptime: number;
  config: string | null;
  watch: { configured: string[]; added: string[] };
  totals: { running: number; ended: number; rss: number; live_bytes: number; allocations: number; large: number; failed: number; events: number; not_recorded: number };
  recordings?: { sessions: number; remarks: string[] }; // what is served, where it is not processes that run
  processes: Process[];
  events: MemoryEvent[];
}

export interface Sample {
  pid: number;
  time: number;
  span: number;
  rss: number;
  live_bytes: number | null;
  allocations: number;
}

export interface Part {
  name: string;
  bytes: number;
  share: number;
  of?: { module?: string | null; path?: string | null; bytes: number; live_bytes?: number }[];
}

export interface Breakdown {
  pid: number;
  time: number;
  rss: number;
  estimated: boolean;
  parts: Part[];
  page_tables: number;
  swap: number;
  vms: number;
  faults: { minor: number; major: number };
  notes: string[];
}

export interface ReportFrame {
  function: string | null;
  file: string | null;
  line: number;
  module: string | null;
  offset: string;
  inlined: boolean;
}

export interface Consumer {
  calls: number;
  allocated: number;
  peak: number;
  active: number;
  live_bytes: number;
  average_size: number;
  live_bytes_sd?: number;
  module: string | null;
  function?: string | null;
  file?: string | null;
  line?: number;
  stack?: ReportFrame[];
}

export interface Consumers {
  mode: "exact" | "sample" | "idle";
  by: "site" | "module";
  totals: { calls: number; allocated: number; peak: number; active: number; live_bytes: number };
  consumers: Consumer[];
}

// memwatch.history-consumers/1, as far as it is shown: oldest first.
export interface ConsumerHistory {
  rounds: {
    time: number;
    since: number; // when the recording began
    mode: "exact" | "sample";
    live_bytes: number;
    sites: number; // of which `consumers` are the largest
    consumers: { site: string; live_bytes: number }[];
  }[];
  sites: { site: string; module: string | null; function: string | null; file: string | null; line: number; stack: string | null }[];
}

export interface Pattern {
  pattern: "stable" | "linear" | "exponential" | "spike" | "leak";
  confidence: number;
  bytes_per_second: number;
  duration: number;
  severity: string;
  recommendation: string;
  seconds_to_limit: number | null;
}

export interface Verdict {
  growing: boolean;
  confidence: number;
  bytes_per_second: number;
}

export interface Growth {
  growth: Pattern | null;
  sites: { confidence: number; bytes_per_second: number; stack: ReportFrame[] }[];
  recent?: { seconds: number; samples: number; live: Verdict | null; rss: Verdict };
}

export interface Analysis extends Growth {
  leaks: {
    method: "reachability" | "lifetime" | "none";
    complete: boolean;
    all_seen: boolean; // of what was judged: what is definite is lost for certain
    reason: string;
    pause_ms: number;
    watched_seconds?: number; // judged was what was allocated in these alone
    definite_bytes: number;
    definite_blocks: number;
    indirect_bytes?: number;
    indirect_blocks?: number;
    possible_bytes: number;
    possible_blocks: number;
    records: { kind: string; blocks: number; bytes: number; stack: ReportFrame[] }[];
  };
}

export interface Alert {
  id: number;
  time: number;
  type: string;
  severity: "info" | "warning" | "critical";
  message: string;
  pid: number;
  process: string;
  metrics: Record<string, number>;
  recommendations: string[];
  suppressed: number; // more of the same, held back since
  test: boolean;
  resolved: boolean;
  resolution: string | null; // why it is over
}

// memwatch.report/1, as far as the flame graph is made of it.
export interface SessionReport {
  processes: {
    pid: number;
    exe: string;
    failures: { count: number; stack: number }[];
    sites: { stack: number; allocated_bytes: number; live_bytes: number; peak_bytes: number }[];
  }[];
  stacks: { id: number; frames: number[] }[];
  frames: ReportFrame[];
}
