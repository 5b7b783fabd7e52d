import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSort, parseSort, scrollTo, sortRows, visibleRows } from "../src/table/rows";

const isText = (column: string) => column === "function";

test("a sort is text in the address: numbers largest first, names from A, minus the other way", () => {
  for (const [text, column, descending] of [
    ["peak", "peak", true],
    ["-peak", "peak", false],
    ["function", "function", false],
    ["-function", "function", true],
  ] as const) {
    assert.deepEqual(parseSort(text, isText), { column, descending });
    assert.equal(formatSort({ column, descending }, isText), text);
  }
});

test("rows are sorted by number or text, equal ones keep their order", () => {
  const numbers = [3, 10, 3, 1];
  assert.deepEqual(sortRows(4, (row) => numbers[row]!, true), [1, 0, 2, 3]);
  assert.deepEqual(sortRows(4, (row) => numbers[row]!, false), [3, 0, 2, 1]);
  const names = ["main", "Alpha", "alpha"];
  assert.deepEqual(sortRows(3, (row) => names[row]!, false)[2], 0);
});

test("only rows in sight and a few around them are drawn", () => {
  assert.deepEqual(visibleRows(10_000, 30, 3000, 300, 5), { first: 95, end: 115 });
  assert.deepEqual(visibleRows(10_000, 30, 0, 300, 5), { first: 0, end: 15 });
  assert.deepEqual(visibleRows(3, 30, 0, 300, 5), { first: 0, end: 3 });
  assert.deepEqual(visibleRows(0, 30, 0, 0, 5), { first: 0, end: 0 });
  assert.deepEqual(visibleRows(10, 30, 99_999, 300, 5), { first: 10, end: 10 });
});

test("a row out of sight is scrolled to, one in sight is not", () => {
  assert.equal(scrollTo(5, 30, 0, 300), undefined);
  assert.equal(scrollTo(10, 30, 0, 300), 30);
  assert.equal(scrollTo(2, 30, 300, 300), 60);
});
