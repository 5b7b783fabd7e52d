import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Answer } from "../src/live/http";
import type { Listener } from "../src/live/stream";
import type { Status } from "../src/live/types";
import { watchDaemon } from "../src/live/watch";

const status = (pid: number) => ({ pid, processes: [], events: [], totals: {} }) as unknown as Status;

// A stream that the test opens, refuses and cuts off.
class FakeStream {
  static all: FakeStream[] = [];
  isClosed = false;
  constructor(private listener: Listener) {
    FakeStream.all.push(this);
  }
  open() {
    this.listener.opened();
  }
  cutOff() {
    this.listener.ended();
  }
  close() {
    this.isClosed = true;
  }
  say(name: string, data: unknown) {
    this.listener.told(name, data);
  }
}

// A clock that the test turns: one timer at a time is all that a watch has.
const clock = { now: 1e12, due: 0, call: undefined as (() => void) | undefined };

function takeClock(t: TestContext) {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, now: Date.now };
  t.after(() => {
    Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
    Date.now = real.now;
  });
  Object.assign(globalThis, {
    setTimeout: (call: () => void, ms: number) => Object.assign(clock, { due: clock.now + ms, call }),
    clearTimeout: () => (clock.call = undefined),
  });
  Date.now = () => clock.now;
}

async function settle() {
  for (let i = 0; i < 10; ++i) await Promise.resolve();
}

async function pass(ms: number) {
  clock.now += ms;
  const { call } = clock;
  if (call !== undefined && clock.due <= clock.now) {
    clock.call = undefined;
    call();
  }
  await settle();
}

// A tab that the test shows and hides.
const tab = { isSeen: true, changed: () => {} };
async function see(isSeen: boolean) {
  tab.isSeen = isSeen;
  tab.changed();
  await settle();
}

async function started(t: TestContext, answers: Answer<Status>[]) {
  tab.isSeen = true;
  takeClock(t);
  FakeStream.all = [];
  let next = 0;
  const watch = watchDaemon(
    () => Promise.resolve(answers[Math.min(next++, answers.length - 1)]!),
    (listener) => new FakeStream(listener),
    { isSeen: () => tab.isSeen, onChange: (call) => (tab.changed = call) },
  );
  await settle();
  return { watch, asked: () => next };
}

const there = (pid = 1): Answer<Status> => ({ kind: "value", value: status(pid) });

test("a daemon without a stream is asked each second, and seldom for its stream", async (t) => {
  const { watch, asked } = await started(t, [there()]);
  FakeStream.all[0]!.cutOff();
  for (let i = 0; i < 5; ++i) {
    await pass(1000);
  }
  assert.equal(watch.connection.value.state, "polling");
  assert.ok(asked() >= 5, String(asked()));
  assert.equal(FakeStream.all.length, 1);
  for (let i = 0; i < 30; ++i) {
    await pass(1000);
  }
  assert.equal(FakeStream.all.length, 2);
});

test("with a stream changes come by it", async (t) => {
  const { watch } = await started(t, [there()]);
  const [stream] = FakeStream.all;
  stream!.open();
  assert.equal(watch.connection.value.state, "streaming");
  stream!.say("process", { pid: 7, state: "running", rss: { last: 1, peak: 1 } });
  stream!.say("sample", { pid: 7, rss: 5, live_bytes: null });
  assert.deepEqual(watch.status.value!.processes.map((each) => [each.pid, each.rss.last]), [[7, 5]]);
  stream!.say("alert", {});
  assert.equal(watch.alertNews.value, 1);
  stream!.say("breakdown", { pid: 7, rss: 5 });
  assert.equal(watch.breakdowns.value.get(7)!.rss, 5);
});

test("a daemon that goes is told, what was known stays, another one is found by itself", async (t) => {
  const { watch } = await started(t, [there(), { kind: "gone" }, { kind: "gone" }, there(2)]);
  FakeStream.all[0]!.open();
  FakeStream.all[0]!.cutOff();
  await pass(0);
  assert.equal(watch.connection.value.state, "gone");
  assert.equal(watch.status.value!.pid, 1);
  assert.ok(FakeStream.all[0]!.isClosed);
  const { epoch } = watch;
  const before = epoch.value;
  await pass(1000);
  await pass(1000);
  assert.deepEqual([watch.connection.value.state, watch.status.value!.pid], ["polling", 2]);
  assert.ok(epoch.value > before);
  assert.equal(FakeStream.all.length, 2, "and listens again");
});

test("recordings are not streamed, and a server of theirs that goes is told", async (t) => {
  const recordings: Answer<Status> = { kind: "value", value: { ...status(1), recordings: { sessions: 1, remarks: [] } } };
  const { watch, asked } = await started(t, [recordings, recordings, { kind: "gone" }]);
  assert.equal(watch.connection.value.state, "recordings");
  await pass(2000);
  assert.deepEqual([watch.connection.value.state, asked(), FakeStream.all.length], ["recordings", 2, 0]);
  await pass(2000);
  assert.equal(watch.connection.value.state, "gone");
  assert.ok(watch.status.value!.recordings);
});

test("a tab that nobody sees asks nothing and holds no connection", async (t) => {
  const { watch, asked } = await started(t, [there()]);
  const [stream] = FakeStream.all;
  stream!.open();
  await see(false);
  assert.equal(stream!.isClosed, true);
  const before = asked();
  for (let i = 0; i < 10; ++i) await pass(5000);
  assert.equal(asked(), before);
  await see(true);
  await pass(0);
  assert.equal(asked(), before + 1);
  assert.equal(FakeStream.all.length, 2);
  FakeStream.all[1]!.open();
  assert.deepEqual(watch.connection.value, { state: "streaming" });
});
