// Large allocations and failures, the latest first.
import { dayAndTime } from "../text/clock";
import { count, requestedBytes } from "../text/format";
import type { MemoryEvent } from "./types";

const MOST = 8;

interface EventsProps {
  events: MemoryEvent[];
  onOpen?(pid: number): void;
  pidOf?(pid: number): number; // as it is shown
}

export function Events({ events, onOpen, pidOf = (pid) => pid }: EventsProps) {
  const latest = [...events].sort((a, b) => b.id - a.id).slice(0, MOST);
  return (
    <section aria-labelledby="events-title" class="card" id="events">
      <h2 id="events-title">
        Large allocations and failures <span class="faint">{count(events.length)}</span>
      </h2>
      {latest.length === 0 ? (
        <p class="empty">None was seen.</p>
      ) : (
        <ul class="events">
          {latest.map((event) => (
            <li key={event.id}>
              <time class="faint" dateTime={new Date(event.time * 1000).toISOString()}>
                {dayAndTime(event.time)}
              </time>
              <span class={event.kind === "failure" ? "badge bad" : "badge caution"}>{event.kind === "failure" ? `✕ ${event.errno_name ?? "failed"}` : "▲ large"}</span>
              <span>
                {event.function} of <b>{requestedBytes(event.size)}</b>
                {onOpen && (
                  <>
                    {" in "}
                    <button type="button" class="link" onClick={() => onOpen(event.pid)}>
                      {event.process} {pidOf(event.pid)}
                    </button>
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      {events.length > MOST && <p class="note faint">and {count(events.length - MOST)} earlier: memwatch status</p>}
    </section>
  );
}
