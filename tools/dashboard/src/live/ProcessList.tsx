// All processes that the daemon watches, as a table; a row leads to the process.
import type { Column } from "../table/Table";
import { bytes, count, duration, errorBar } from "../text/format";
import { externalOf, howItEnded } from "./news";
import { figures, ProcessTable } from "./ProcessTable";
import type { Process, Status } from "./types";

interface ProcessListProps {
  status: Status;
  isGone: boolean; // the daemon
  sort: string;
  onSort(sort: string): void;
  onOpen(pid: number): void;
}

const TEXT_COLUMNS = ["name", "how", "state"];

export function ProcessList({ status, isGone, ...props }: ProcessListProps) {
  return (
    <ProcessTable
      title="Processes"
      processes={status.processes}
      columnsOf={columnsOf}
      textColumns={TEXT_COLUMNS}
      otherwise="rss"
      empty={isGone ? <p class="empty">No process was watched then.</p> : <Nobody status={status} />}
      {...props}
    />
  );
}

function columnsOf(processes: Process[]): Column[] {
  const of = (row: number) => processes[row]!;
  const mostRss = Math.max(1, ...processes.map((each) => (each.state === "running" ? each.rss.last : 0)));
  const figure = figures(of, "minmax(78px, 104px)");
  const size = (value: number) => bytes(value);
  return [
    {
      id: "name",
      title: "Process",
      isText: true,
      width: "minmax(min(160px, 36%), 1fr)", // a name and its pid, before others get more than they need
      value: (row) => of(row).name,
      show: (row) => (
        <span class={of(row).state === "ended" ? "faint" : ""} title={of(row).command.join(" ")}>
          {of(row).name} <span class="faint">{of(row).pid}</span>
        </span>
      ),
    },
    { ...figure("rss", "RSS", "Resident memory, as the kernel tells", (each) => (each.state === "running" ? each.rss.last : null), size), bar: (row) => (of(row).state === "running" ? of(row).rss.last / mostRss : 0) },
    figure("heap", "Heap", "Bytes that are live in traced allocations", (each) => each.heap?.live_bytes, (value, each) => `${bytes(value)}${each.heap?.live_bytes_sd ? " ±" : ""}`),
    figure("external", "External", "RSS that the traced heap does not explain", (each) => (each.state === "running" ? externalOf(each) : null), size, 620),
    figure("peak", "Peak RSS", "The largest it was seen with", (each) => each.rss.peak, size, 860),
    figure("allocations", "Allocations", "Successful calls since it is recorded", (each) => each.totals?.allocations, count, 520),
    figure("large", "Large", "Allocations from the configured size on", (each) => each.totals?.large, count, 980),
    figure("failed", "Failed", "Calls that got no memory", (each) => each.totals?.failed, count, 760),
    { id: "how", title: "Recorded", hint: "How much is known of it", isText: true, width: "minmax(90px, 130px)", from: 700, value: (row) => howText(of(row)), show: (row) => <span title={howHint(of(row))}>{howText(of(row))}</span> },
    { id: "state", title: "State", isText: true, width: "minmax(90px, 190px)", from: 900, value: (row) => stateText(of(row)), show: (row) => <span class={of(row).state === "ended" ? "faint" : ""}>{stateText(of(row))}</span> },
  ];
}

export function howText(process: Process): string {
  if (process.source === "polled") return "RSS only";
  return process.source === "elsewhere" ? "by another" : (process.mode ?? "");
}

export function howHint(process: Process): string {
  if (process.source === "polled") return "It runs without the library. Start it with LD_PRELOAD=…/libmemwatch_preload.so to see its heap.";
  if (process.source === "elsewhere") return `Another memwatch records it (pid ${process.collector ?? "unknown"}).`;
  if (process.mode === "sample") return `A sample, one every ${bytes(process.sample_interval ?? 0)} on average: figures are estimates${process.heap?.live_bytes_sd ? `, heap ${errorBar(1.96 * process.heap.live_bytes_sd)}` : ""}.`;
  return process.mode === "idle" ? "Counters, large allocations and failures alone." : "Every allocation.";
}

function stateText(process: Process): string {
  if (process.state === "running") return `for ${duration(process.watched_for)}`;
  return `${howItEnded(process)}, ${duration(process.ended_ago ?? 0)} ago`;
}

function Nobody({ status }: { status: Status }) {
  const names = [...status.watch.configured, ...status.watch.added];
  return (
    <div class="empty">
      <p>{names.length === 0 ? "No process carries the library yet." : "None of the watched programs runs."} Start one, and it is here within two seconds:</p>
      <p>
        <code>LD_PRELOAD=/path/to/libmemwatch_preload.so ./server</code>
      </p>
      {names.length > 0 && (
        <p>
          Watched: <code>{names.join(", ")}</code>. Add a name: <code>memwatch watch add NAME</code>
        </p>
      )}
      {status.totals.not_recorded > 0 && <p class="caution">{count(status.totals.not_recorded)} that carry it could not be recorded; memwatch status says why.</p>}
    </div>
  );
}
