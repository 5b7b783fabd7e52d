import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, externalOf, howItEnded, processOf, sampled } from "../src/live/news";
import type { Process } from "../src/live/types";

const process = (pid: number, state: Process["state"] = "running", name = "server"): Process => ({
  pid, name, exe: `/bin/${name}`, command: [name], source: "recorded", state, watched_for: 1, rss: { last: 100, peak: 100 }, mode: "exact",
  heap: { live_bytes: 60, live_blocks: 1, peak_bytes: 60 },
  totals: { allocations: 1, frees: 0, reallocations: 0, allocated_bytes: 60, freed_bytes: 0, failed: 0, large: 0 },
  losses: { dropped: 0, joined: false },
});

test("one that comes, ends and is forgotten", () => {
  let all = changed([process(1), process(9, "ended")], process(2));
  assert.deepEqual(all.map((each) => [each.pid, each.state]), [[1, "running"], [2, "running"], [9, "ended"]]);
  all = changed(all, process(2, "ended"));
  assert.deepEqual(all.map((each) => [each.pid, each.state]), [[1, "running"], [2, "ended"], [9, "ended"]]);
  assert.deepEqual(changed(all, { pid: 9, state: "forgotten" }).map((each) => each.pid), [1, 2]);
});

test("who is told again of one that has ended knows it once", () => {
  const ended = (kind: "exec" | "exited"): Process => ({ ...process(2, "ended"), exit: { kind, code: 0, signal: 0 } });
  const all = [process(1), ended("exited"), ended("exec")];
  assert.deepEqual(changed(all, ended("exited")), all);
  assert.equal(changed([process(2), ended("exec")], ended("exited")).length, 2);
  assert.equal(changed([process(1), ended("exec")], ended("exited")).length, 3);
});

test("a pid means the one that runs, else the latest that ended", () => {
  const all = [process(1, "running", "new"), process(1, "ended", "old"), process(2, "ended", "late"), process(2, "ended", "early")];
  assert.equal(processOf(all, 1)?.name, "new");
  assert.equal(processOf(all, 2)?.name, "late");
  assert.equal(processOf(all, 3), undefined);
});

test("figures go to the process that runs alone, the peak only rises", () => {
  const figures = { rss: 90, live_bytes: 70, allocations: 5, allocated_bytes: 500, failed: 1, large: 2, dropped: 3 };
  const [first, ended, other] = sampled([process(1), process(1, "ended"), process(2)], { pid: 1, ...figures });
  assert.deepEqual([first!.rss, first!.heap!.live_bytes, first!.totals!.failed, first!.losses!.dropped], [{ last: 90, peak: 100 }, 70, 1, 3]);
  assert.deepEqual([ended!.rss.last, other!.rss.last], [100, 100]);
  assert.equal(externalOf(first!), 20);
  assert.equal(externalOf({ ...first!, heap: { live_bytes: null, live_blocks: null, peak_bytes: null } }), undefined);
});

test("how it ended is said in words", () => {
  assert.equal(howItEnded({ ...process(1), exit: { kind: "exited", code: 3, signal: 0 } }), "exit 3");
  assert.equal(howItEnded({ ...process(1), exit: { kind: "signaled", code: 0, signal: 9 } }), "killed by signal 9");
});
