// The connection to the daemon: what it sees, kept up to date, and whether it is there at all. Changes
// come by its stream (stream.ts) where it has one; without it, and while it cannot be had, everything
// is asked for each second. A daemon that is gone is looked for until it is back.
// A tab that nobody sees asks nothing and listens to nothing: a browser has six connections to a server, for
// all its tabs and for those pages that it keeps to go back to.
import { signal, type ReadonlySignal } from "@preact/signals";
import { ask, type Answer } from "./http";
import { changed, sampled, type SampleNews } from "./news";
import { openStream, type Listener, type Stream } from "./stream";
import type { Breakdown, Process, Status } from "./types";

export type Connection =
  | { state: "asking" } // never heard of it yet
  | { state: "streaming" | "polling" | "recordings" }
  | { state: "gone"; since: number }; // milliseconds, as Date.now()

export interface Watch {
  connection: ReadonlySignal<Connection>;
  status: ReadonlySignal<Status | undefined>; // the last one
  breakdowns: ReadonlySignal<ReadonlyMap<number, Breakdown>>; // by pid, as the stream told them
  alertNews: ReadonlySignal<number>; // counts up when an alert began or ended
  epoch: ReadonlySignal<number>; // counts up when another daemon answers
}

const POLL_MS = 1000;
const POLL_RECORDINGS_MS = 2000; // which change when their files do
const POLL_BESIDE_STREAM_MS = 5000; // what the stream does not tell: events, sums
const STREAM_AGAIN_MS = 30_000; // after one that was refused

export interface Attention {
  isSeen: () => boolean;
  onChange: (call: () => void) => void;
}

function ofThisTab(): Attention {
  let isLeft = false;
  return {
    isSeen: () => !document.hidden && !isLeft,
    onChange: (call) => {
      const leave = (left: boolean) => () => {
        isLeft = left;
        call();
      };
      document.addEventListener("visibilitychange", call);
      window.addEventListener("pagehide", leave(true));
      window.addEventListener("pageshow", leave(false));
    },
  };
}

export function watchDaemon(
  look: () => Promise<Answer<Status>> = () => ask<Status>("api/v1/status"),
  open: (listener: Listener) => Stream = openStream,
  attention: Attention = ofThisTab(),
): Watch {
  const connection = signal<Connection>({ state: "asking" });
  const status = signal<Status | undefined>(undefined);
  const breakdowns = signal<ReadonlyMap<number, Breakdown>>(new Map());
  const alertNews = signal(0);
  const epoch = signal(0);
  let stream: Stream | undefined;
  let isStreaming = false;
  let noStreamUntil = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const closeStream = () => {
    stream?.close();
    stream = undefined;
    isStreaming = false;
  };

  const listen = () => {
    if (stream !== undefined || Date.now() < noStreamUntil) return;
    const update = (change: (processes: Process[]) => Process[]) => {
      if (status.value !== undefined) status.value = { ...status.value, processes: change(status.value.processes) };
    };
    stream = open({
      opened: () => {
        isStreaming = true;
        connection.value = { state: "streaming" };
      },
      // Cut off: the next look says whether the daemon is there. Refused, it is not tried for a while.
      ended: () => {
        if (!isStreaming) noStreamUntil = Date.now() + STREAM_AGAIN_MS;
        closeStream();
        soon(0);
      },
      told: (type, message) => {
        if (type === "process") {
          update((processes) => changed(processes, message as Process | { pid: number; state: "forgotten" }));
        } else if (type === "sample") {
          update((processes) => sampled(processes, message as SampleNews));
        } else if (type === "breakdown") {
          const news = message as Breakdown;
          breakdowns.value = new Map(breakdowns.value).set(news.pid, news);
        } else if (type === "alert") {
          ++alertNews.value;
        }
      },
    });
  };

  const turn = async () => {
    if (!attention.isSeen()) return;
    const answer = await look();
    if (!attention.isSeen()) return; // the next look will be the first one again
    if (answer.kind === "value") {
      if (status.value !== undefined && status.value.pid !== answer.value.pid) {
        closeStream();
        noStreamUntil = 0;
        breakdowns.value = new Map();
        ++epoch.value;
      } else if (connection.value.state === "gone") {
        ++epoch.value;
      }
      status.value = answer.value;
      if (answer.value.recordings !== undefined) {
        closeStream();
        connection.value = { state: "recordings" };
      } else {
        connection.value = { state: isStreaming ? "streaming" : "polling" };
        listen();
      }
    } else if (answer.kind === "gone") {
      closeStream();
      if (connection.value.state !== "gone") connection.value = { state: "gone", since: Date.now() };
    }
    soon(isStreaming ? POLL_BESIDE_STREAM_MS : connection.value.state === "recordings" ? POLL_RECORDINGS_MS : POLL_MS);
  };

  const soon = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => void turn(), ms);
  };
  attention.onChange(() => {
    clearTimeout(timer);
    if (attention.isSeen()) return soon(0);
    closeStream();
  });
  void turn();
  return { connection, status, breakdowns, alertNews, epoch };
}
