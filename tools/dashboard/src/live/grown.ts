// Who has more of the heap than some time ago, from two rounds of the daemon's history. Pure.
import type { ConsumerHistory } from "./types";

export interface GrownSite {
  site: string;
  name: string; // of the function, else of the library
  place: string; // file and line
  callers: string; // the stack by names
  from: number | undefined; // bytes; undefined: it was not among the largest then
  to: number;
}

export interface Grown {
  since: number; // of the first round, seconds since 1970
  until: number;
  from: number; // bytes of the whole heap
  to: number;
  sites: GrownSite[]; // those that have grown, most first; then those of which that is not known
  isEstimate: boolean;
}

const base = (path: string | null) => path?.replace(/^.*\//, "") ?? "";

// Undefined: there are no two rounds of one recording yet.
export function grownSince({ rounds, sites }: ConsumerHistory): Grown | undefined {
  const last = rounds.at(-1);
  const first = rounds.find((round) => round.since === last?.since);
  if (last === undefined || first === undefined || first === last) return undefined;
  // A round keeps the largest sites; one that has all of them tells what it does not name too.
  const nothing = first.sites <= first.consumers.length ? 0 : undefined;
  const before = new Map(first.consumers.map((each) => [each.site, each.live_bytes]));
  const names = new Map(sites.map((each) => [each.site, each]));
  const grown = last.consumers
    .map(({ site, live_bytes }): GrownSite => {
      const name = names.get(site);
      const file = base(name?.file ?? null);
      return {
        site,
        name: name?.function || base(name?.module ?? null) || "(unknown)",
        place: file && name?.line ? `${file}:${name.line}` : file,
        callers: name?.stack ?? "",
        from: before.get(site) ?? nothing,
        to: live_bytes,
      };
    })
    .filter(({ from, to }) => (from === undefined ? to > 0 : to > from));
  const change = ({ from, to }: GrownSite) => (from === undefined ? -1 : to - from);
  grown.sort((a, b) => change(b) - change(a) || b.to - a.to);
  return { since: first.time, until: last.time, from: first.live_bytes, to: last.live_bytes, sites: grown, isEstimate: last.mode === "sample" };
}
