import assert from "node:assert/strict";
import { test } from "node:test";
import { markAt } from "../src/timeline/marks";

const SECONDS = [10, 11, 12, 13];
const flag = (at: number, text: string, small = true) => ({ at, text, small });

test("a flag between two moments is told at the nearer one", () => {
  const marks = [flag(11.9, "here")];
  assert.equal(markAt(marks, SECONDS, 2, 60)?.text, "here");
  assert.equal(markAt(marks, SECONDS, 1, 60), undefined);
  assert.equal(markAt(marks, SECONDS, 1, 600)?.text, "here", "on a chart of ten minutes both are the same place");
});

test("one of before the first moment is told there, if it is not long before", () => {
  assert.equal(markAt([flag(9, "early")], SECONDS, 0, 60)?.text, "early");
  assert.equal(markAt([flag(2, "long ago")], SECONDS, 0, 60), undefined);
});

test("an alert goes before the event that it tells of, and of two the nearer", () => {
  assert.equal(markAt([flag(12, "event"), flag(12.1, "alert", false)], SECONDS, 2, 60)?.text, "alert");
  assert.equal(markAt([flag(12.3, "later"), flag(11.9, "nearer")], SECONDS, 2, 60)?.text, "nearer");
});

test("nothing is told where nobody points", () => {
  assert.equal(markAt([flag(12, "event")], SECONDS, -1, 60), undefined);
  assert.equal(markAt([flag(12, "event")], [], 0, 60), undefined);
});
