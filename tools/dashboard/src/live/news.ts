// What the live stream tells of processes, put into the list of them. Pure.
import type { Process } from "./types";

export interface SampleNews {
  pid: number;
  rss: number;
  live_bytes: number | null;
  allocations: number;
  allocated_bytes: number;
  failed: number;
  large: number;
  dropped: number;
}

// The one that runs, else the latest that has ended: what a pid means.
export function processOf(processes: Process[], pid: number): Process | undefined {
  return processes.find((each) => each.pid === pid && each.state === "running") ?? processes.find((each) => each.pid === pid);
}

// One that has come, ended or is forgotten. Of a pid there may be several that ended (exec).
export function changed(processes: Process[], news: Process | { pid: number; state: "forgotten" }): Process[] {
  const running = (each: Process) => each.pid === news.pid && each.state === "running";
  if (news.state === "forgotten") {
    const oldest = processes.findLastIndex((each) => each.pid === news.pid && each.state === "ended");
    return processes.filter((_, index) => index !== oldest);
  }
  // Whoever connects is told of those again that have ended, and a look may have been quicker than the news.
  const known = processes.findIndex((each) => each.pid === news.pid && each.state === "ended" && each.exit?.kind === news.exit?.kind);
  if (news.state === "ended" && known >= 0 && !processes.some(running)) return processes.with(known, news);
  const others = processes.filter((each) => !running(each));
  const firstEnded = others.findIndex((each) => each.state === "ended");
  const at = firstEnded < 0 ? others.length : firstEnded;
  return [...others.slice(0, at), news, ...others.slice(at)];
}

export function sampled(processes: Process[], news: SampleNews): Process[] {
  return processes.map((each) => {
    if (each.pid !== news.pid || each.state !== "running") return each;
    const { rss, live_bytes, allocations, allocated_bytes, failed, large, dropped } = news;
    return {
      ...each,
      rss: { last: rss, peak: Math.max(each.rss.peak, rss) },
      ...(each.heap ? { heap: { ...each.heap, live_bytes } } : {}),
      ...(each.totals ? { totals: { ...each.totals, allocations, allocated_bytes, failed, large } } : {}),
      ...(each.losses ? { losses: { ...each.losses, dropped } } : {}),
    };
  });
}

// RSS that the traced heap does not explain; undefined where the heap is not known.
export function externalOf(process: Process): number | undefined {
  const heap = process.heap?.live_bytes;
  return heap == null ? undefined : Math.max(0, process.rss.last - heap);
}

export function howItEnded({ exit }: Process): string {
  if (exit === undefined) return "ended";
  if (exit.kind === "exited") return `exit ${exit.code}`;
  if (exit.kind === "signaled") return `killed by signal ${exit.signal}`;
  if (exit.kind === "exec") return "ran another program";
  return exit.kind === "lost" ? "end unknown" : "ended";
}
