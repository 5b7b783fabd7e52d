// What the daemon's page shows, as the fragment of its address. Pure.
import type { View } from "../state/hash";
import { oneOf, wholeNumber } from "../state/hash";

export const COSTS = ["live", "peak", "allocated", "failed"] as const;
export type LiveCost = (typeof COSTS)[number];
export const RANGES = { "10m": 600, "1h": 3600, "24h": 86_400, "7d": 604_800 } as const;
export type Range = keyof typeof RANGES;

export interface LiveView {
  pid: number; // 0: the list of processes
  range: Range;
  cost: LiveCost;
  by: "site" | "module";
  sort: string; // of the list of processes
  consumerSort: string;
  row: number; // of the consumers; −1: none is open
  alerts: "active" | "resolved" | "all";
  flame: View["flame"];
  zoom: number;
  search: string;
  theme: View["theme"];
}

export const LIVE_DEFAULTS: LiveView = {
  pid: 0,
  range: "10m",
  cost: "live",
  by: "site",
  sort: "rss",
  consumerSort: "live",
  row: -1,
  alerts: "active",
  flame: "icicle",
  zoom: 0,
  search: "",
  theme: "auto",
};

// By what each field is called in the address. Zoom and row are of a moment's data and not kept.
const FIELDS = {
  pid: "pid",
  range: "range",
  cost: "cost",
  by: "by",
  sort: "sort",
  consumerSort: "sort.consumers",
  alerts: "alerts",
  flame: "graph",
  search: "search",
  theme: "theme",
} as const;

export function encode(view: LiveView, from: LiveView): string {
  const fields = new URLSearchParams();
  for (const [field, name] of Object.entries(FIELDS) as [keyof typeof FIELDS, string][]) {
    if (view[field] !== from[field]) fields.set(name, String(view[field]));
  }
  return fields.toString();
}

export function decode(hash: string, from: LiveView): LiveView {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const column = (name: string, otherwise: string) => {
    const text = fields.get(name) ?? "";
    return /^-?\w+$/.test(text) ? text : otherwise;
  };
  return {
    pid: wholeNumber(fields.get("pid"), from.pid),
    range: oneOf(Object.keys(RANGES) as Range[], fields.get("range"), from.range),
    cost: oneOf(COSTS, fields.get("cost"), from.cost),
    by: oneOf(["site", "module"] as const, fields.get("by"), from.by),
    sort: column("sort", from.sort),
    consumerSort: column("sort.consumers", from.consumerSort),
    row: -1,
    alerts: oneOf(["active", "resolved", "all"] as const, fields.get("alerts"), from.alerts),
    flame: oneOf(["icicle", "flame"] as const, fields.get("graph"), from.flame),
    zoom: 0,
    search: fields.get("search") ?? from.search,
    theme: oneOf(["auto", "light", "dark"] as const, fields.get("theme"), from.theme),
  };
}
