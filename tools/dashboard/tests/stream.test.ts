import assert from "node:assert/strict";
import { test } from "node:test";
import { openStream, type Ways } from "../src/live/stream";

// Both ways, as a test opens, refuses and cuts them off.
function started() {
  const heard: string[] = [];
  const socket = { onopen: () => {}, onmessage: (_: { data: string }) => {}, onclose: () => {}, close: () => heard.push("socket closed") };
  const listeners = new Map<string, (event: { data: string }) => void>();
  const events = {
    onopen: () => {},
    onerror: () => {},
    close: () => heard.push("events closed"),
    addEventListener: (name: string, listener: (event: { data: string }) => void) => listeners.set(name, listener),
  };
  let opened = 0;
  const stream = openStream(
    {
      opened: () => heard.push("opened"),
      told: (type, message) => heard.push(`${type} ${JSON.stringify(message)}`),
      ended: () => heard.push("ended"),
    },
    { socket: () => socket, events: () => (++opened, events) } as unknown as Ways,
  );
  return { stream, heard, socket, events, listeners, opened: () => opened };
}

test("messages come by a WebSocket, by their types", () => {
  const { heard, socket, opened } = started();
  socket.onopen();
  socket.onmessage({ data: '{"type": "sample", "id": 3, "pid": 7}' });
  socket.onclose();
  assert.deepEqual(heard, ["opened", 'sample {"type":"sample","id":3,"pid":7}', "ended"]);
  assert.equal(opened(), 0, "one that was open is not replaced by events: who asked decides when to come again");
});

test("where there can be none they come as server-sent events", () => {
  const { heard, socket, events, listeners } = started();
  socket.onclose();
  assert.deepEqual(heard, []);
  events.onopen();
  listeners.get("alert")!({ data: '{"type": "alert"}' });
  events.onerror();
  assert.deepEqual(heard, ["opened", 'alert {"type":"alert"}', "events closed", "ended"]);
});

test("where there is neither that is told once", () => {
  const { heard, socket, events } = started();
  socket.onclose();
  events.onerror();
  assert.deepEqual(heard, ["events closed", "ended"]);
});

test("after it is closed nothing is told, and nothing opened in its place", () => {
  const { stream, heard, socket, opened } = started();
  socket.onopen();
  stream.close();
  socket.onmessage({ data: '{"type": "sample"}' });
  socket.onclose();
  assert.deepEqual(heard, ["opened", "socket closed"]);
  const early = started();
  early.stream.close();
  early.socket.onclose();
  assert.deepEqual([early.heard, early.opened(), opened()], [["socket closed"], 0, 0]);
});
