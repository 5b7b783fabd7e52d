// The state of the page as the fragment of its address, so that a link shows what its sender saw and
// the back button works. Defaults are left out; what a hand-edited address holds that makes no sense
// is the default.
import { COSTS, type Cost } from "../data/document";

export const TABS = ["sites", "leaks", "functions", "modules", "processes", "threads", "failures", "large", "sizes"] as const;
export type Tab = (typeof TABS)[number];
export type Theme = "auto" | "light" | "dark";

export interface View {
  scope: number;
  cost: Cost;
  width: "change" | "before" | "after"; // of the frames of a difference
  flame: "icicle" | "flame"; // root at the top or at the bottom
  zoom: number; // node of the scope's tree
  search: string;
  tab: Tab;
  sorts: Partial<Record<Tab, string>>; // "peak", or "-peak" for smallest first
  row: number; // of the tab's table; −1: none is open
  theme: Theme;
}

export function defaults(cost: Cost): View {
  return { scope: 0, cost, width: "change", flame: "icicle", zoom: 0, search: "", tab: "sites", sorts: {}, row: -1, theme: "auto" };
}

export function encode(view: View, from: View): string {
  const fields = new URLSearchParams();
  if (view.scope !== from.scope) fields.set("scope", String(view.scope));
  if (view.cost !== from.cost) fields.set("cost", view.cost);
  if (view.width !== from.width) fields.set("width", view.width);
  if (view.flame !== from.flame) fields.set("graph", view.flame);
  if (view.zoom !== from.zoom) fields.set("zoom", String(view.zoom));
  if (view.search !== from.search) fields.set("search", view.search);
  if (view.tab !== from.tab) fields.set("table", view.tab);
  for (const tab of TABS) {
    const sort = view.sorts[tab];
    if (sort !== undefined) fields.set(`sort.${tab}`, sort);
  }
  if (view.row !== from.row) fields.set("row", String(view.row));
  if (view.theme !== from.theme) fields.set("theme", view.theme);
  return fields.toString();
}

export const oneOf = <T extends string>(all: readonly T[], text: string | null, otherwise: T): T =>
  all.find((each) => each === text) ?? otherwise;

export function wholeNumber(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
}

// Numbers may still be too large for the report at hand; who uses them checks.
export function decode(hash: string, from: View): View {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const sorts: View["sorts"] = {};
  for (const tab of TABS) {
    const sort = fields.get(`sort.${tab}`);
    if (sort !== null && /^-?\w+$/.test(sort)) sorts[tab] = sort;
  }
  return {
    scope: wholeNumber(fields.get("scope"), from.scope),
    cost: oneOf(COSTS, fields.get("cost"), from.cost),
    width: oneOf(["change", "before", "after"] as const, fields.get("width"), from.width),
    flame: oneOf(["icicle", "flame"] as const, fields.get("graph"), from.flame),
    zoom: wholeNumber(fields.get("zoom"), from.zoom),
    search: fields.get("search") ?? from.search,
    tab: oneOf(TABS, fields.get("table"), from.tab),
    sorts,
    row: wholeNumber(fields.get("row"), from.row),
    theme: oneOf(["auto", "light", "dark"] as const, fields.get("theme"), from.theme),
  };
}
