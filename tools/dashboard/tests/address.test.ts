import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, encode, LIVE_DEFAULTS } from "../src/live/address";

test("a view comes back from its address, defaults are left out", () => {
  assert.equal(encode(LIVE_DEFAULTS, LIVE_DEFAULTS), "");
  const view = { ...LIVE_DEFAULTS, pid: 4711, range: "24h", cost: "failed", by: "module", sort: "-name", alerts: "all", search: "a&b", theme: "dark" } as const;
  assert.deepEqual(decode(`#${encode(view, LIVE_DEFAULTS)}`, LIVE_DEFAULTS), view);
});

test("what makes no sense is as by default", () => {
  const address = "#pid=-1&range=forever&cost=leaked&by=tag&sort=<script>&alerts=none&theme=blue&graph=%F0";
  assert.deepEqual(decode(address, LIVE_DEFAULTS), LIVE_DEFAULTS);
});

test("what belongs to one moment's data is not kept", () => {
  assert.equal(encode({ ...LIVE_DEFAULTS, zoom: 17, row: 3 }, LIVE_DEFAULTS), "");
});
