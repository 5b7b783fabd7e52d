import assert from "node:assert/strict";
import { test } from "node:test";
import { grownSince } from "../src/live/grown";
import type { ConsumerHistory } from "../src/live/types";

const round = (time: number, bytes: Record<string, number>, more: Partial<ConsumerHistory["rounds"][number]> = {}): ConsumerHistory["rounds"][number] => ({
  time,
  since: 1,
  mode: "exact",
  live_bytes: Object.values(bytes).reduce((a, b) => a + b, 0),
  sites: Object.keys(bytes).length,
  consumers: Object.entries(bytes).map(([site, live_bytes]) => ({ site, live_bytes })),
  ...more,
});
const name = (site: string, fields: Partial<ConsumerHistory["sites"][number]> = {}) => ({ site, module: "/usr/bin/server", function: site, file: "/src/a.cpp", line: 7, stack: `${site} <- main`, ...fields });

test("sites that grew come first, by how much; those that shrank are left out", () => {
  const grown = grownSince({ rounds: [round(10, { a: 5, b: 50, c: 9 }), round(70, { a: 25, b: 40, c: 10 })], sites: [name("a"), name("b"), name("c")] })!;
  assert.deepEqual([grown.since, grown.until, grown.from, grown.to], [10, 70, 64, 75]);
  assert.deepEqual(grown.sites.map(({ name, from, to }) => [name, from, to]), [["a", 5, 25], ["c", 9, 10]]);
  assert.deepEqual([grown.sites[0]!.place, grown.sites[0]!.callers], ["a.cpp:7", "a <- main"]);
});

test("what a round does not name was nothing where it names all sites, else it is not known", () => {
  const later = round(70, { a: 6, b: 100 });
  assert.equal(grownSince({ rounds: [round(10, { a: 5 }), later], sites: [] })!.sites[0]!.from, 0);
  const cut = grownSince({ rounds: [round(10, { a: 5 }, { sites: 2 }), later], sites: [] })!;
  assert.deepEqual(cut.sites.map(({ site, from }) => [site, from]), [["a", 5], ["b", undefined]]);
});

test("rounds of another recording do not compare, nor does one with itself", () => {
  assert.equal(grownSince({ rounds: [], sites: [] }), undefined);
  assert.equal(grownSince({ rounds: [round(10, { a: 5 })], sites: [] }), undefined);
  assert.equal(grownSince({ rounds: [round(10, { a: 5 }), round(70, { a: 6 }, { since: 60 })], sites: [] }), undefined);
});

test("a site without a name is its library's, and without that unknown", () => {
  const rounds = [round(10, { a: 0, b: 0 }), round(70, { a: 2, b: 1 })];
  const grown = grownSince({ rounds, sites: [name("a", { function: null, file: null, line: 0, stack: null })] })!;
  assert.deepEqual(grown.sites.map((site) => [site.name, site.place, site.callers]), [["server", "", ""], ["(unknown)", "", ""]]);
});
