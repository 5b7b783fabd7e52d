import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, defaults, encode, type View } from "../src/state/hash";

const start = defaults("peak");

test("what is as at first is not in the address", () => {
  assert.equal(encode(start, start), "");
  assert.deepEqual(decode("", start), start);
});

test("every part of the view survives the way through the address", () => {
  const view: View = {
    scope: 3,
    cost: "leaked",
    width: "after",
    flame: "flame",
    zoom: 1234,
    search: "std::vector<int>& a=b#c /ü%/",
    tab: "leaks",
    sorts: { sites: "-allocated", leaks: "kind" },
    row: 17,
    theme: "dark",
  };
  assert.deepEqual(decode(`#${encode(view, start)}`, start), view);
});

test("changing one thing leaves the others as they were", () => {
  const before = decode("#cost=leaked&zoom=9&search=foo&sort.sites=-peak", start);
  const after = decode(encode({ ...before, tab: "modules" }, start), start);
  assert.deepEqual(after, { ...before, tab: "modules" });
});

test("an address that makes no sense is the default, never an error", () => {
  for (const hash of ["#cost=money&scope=-1&zoom=1e9&row=x&table=&graph=up&theme=pink&sort.sites=a b", "#%", "#====&&&", "#zoom=99999999999"]) {
    assert.deepEqual(decode(hash, start), start, hash);
  }
});
