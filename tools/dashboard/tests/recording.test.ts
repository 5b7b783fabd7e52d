import assert from "node:assert/strict";
import { test } from "node:test";
import { endHint, endOf, fileOf, isByLifetime, isRecording, leaked, leakHint, pidOf, type Recorded } from "../src/live/recording";
import type { Process } from "../src/live/types";

const recorded = (changes: Partial<Recorded> = {}, recording: Partial<Recorded["recording"]> = {}): Recorded => ({
  pid: 100_000_001,
  name: "server",
  exe: "/srv/server",
  command: ["server"],
  source: "recorded",
  state: "ended",
  watched_for: 2,
  rss: { last: 1, peak: 2 },
  mode: "exact",
  exit: { kind: "exited", code: 0, signal: 0 },
  ...changes,
  recording: { file: "/tmp/a.mw", pid: 7, started_at: 0, complete: true, peak_at: 1, leak_method: "reachability", leaks_all_seen: true, leaked_bytes: 5, notes: [], times_read: 1, ...recording },
});

test("a recording is told from a process that runs, and shows the pid that it had", () => {
  const running = { ...recorded(), pid: 9 } as Process;
  delete running.recording;
  assert.deepEqual([isRecording(recorded()), isRecording(running), isRecording(undefined)], [true, false, false]);
  assert.deepEqual([pidOf(recorded()), pidOf(running), fileOf(recorded())], [7, 9, "a.mw"]);
});

test("how it ended: a recording that was cut short is no process that ran on", () => {
  const running = { kind: "running", code: 0, signal: 0 } as const;
  assert.equal(endOf(recorded()), "exit 0");
  assert.equal(endOf(recorded({ exit: { kind: "signaled", code: 0, signal: 9 } })), "killed by signal 9");
  assert.equal(endOf(recorded({ exit: running })), "ran on");
  assert.equal(endOf(recorded({ exit: running }, { complete: false })), "cut short");
  assert.equal(endOf(recorded({}, { complete: false })), "exit 0", "it had ended before");
  assert.match(endHint(recorded({ exit: running }, { complete: false })), /cut short after 2.00 s/);
});

test("what leaked is not known of an idle one, and only what was not freed without a check", () => {
  assert.equal(leaked(recorded()), 5);
  assert.equal(leaked(recorded({ mode: "idle" })), null);
  assert.deepEqual([isByLifetime(recorded()), isByLifetime(recorded({}, { leak_method: "lifetime" }))], [false, true]);
});

test("a check that did not see everything is not said to have", () => {
  assert.match(leakHint(recorded()), /when the process ended \(definite/);
  assert.match(leakHint(recorded({}, { leaks_all_seen: false })), /when the process ended, as far as could be seen \(definite/);
});
