// Whether what is shown is of now, and what to do when it is not.
import { dayAndTime } from "../text/clock";
import { duration } from "../text/format";
import type { Status } from "./types";
import type { Connection } from "./watch";

const TEXTS = {
  asking: { tone: "", text: "connecting" },
  streaming: { tone: "good", text: "● live" },
  polling: { tone: "good", text: "● live, every second" },
  recordings: { tone: "", text: "recordings" },
  gone: { tone: "bad", text: "⚠ the daemon is gone" },
} as const;

export function ConnectionState({ connection, status }: { connection: Connection; status: Status | undefined }) {
  const { tone, text } = connection.state === "gone" && status?.recordings ? { tone: "bad", text: "⚠ memwatch serve has ended" } : TEXTS[connection.state];
  return (
    <p class="meta">
      <span class={`badge ${tone}`} role="status" id="connection">
        {text}
      </span>
      {status && (
        <span class="faint">
          memwatch {status.recordings && "serve "}{status.memwatch_version}, pid {status.pid}, {connection.state === "gone" ? "ran" : "up"} {duration(status.uptime)}
        </span>
      )}
    </p>
  );
}

export function Gone({ since, status }: { since: number; status: Status | undefined }) {
  return (
    <ul class="remarks">
      <li class="gone" role="alert">
        No answer since <time dateTime={new Date(since).toISOString()}>{dayAndTime(since / 1000)}</time>
        {status && "; what you see is from then"}. Start it again with <code>{status?.recordings ? "memwatch serve" : "memwatch daemon"}</code>: this page finds it by itself.
      </li>
    </ul>
  );
}
