// All processes that the daemon watches, as a table; a row leads to the process.
import { useMemo } from "preact/hooks";
import { formatSort, parseSort } from "../table/rows";
import { Table, type Column } from "../table/Table";
import { bytes, count, duration, errorBar, exact } from "../text/format";
import { externalOf, howItEnded } from "./news";
import type { Process, Status } from "./types";

interface ProcessListProps {
  status: Status;
  sort: string;
  onSort(sort: string): void;
  onOpen(pid: number): void;
}

const TEXT_COLUMNS = ["name", "how", "state"];
const isText = (id: string) => TEXT_COLUMNS.includes(id);

export function ProcessList({ status, sort, onSort, onOpen }: ProcessListProps) {
  const { processes } = status;
  const columns = useMemo(() => columnsOf(processes), [processes]);
  const wanted = parseSort(sort, isText);
  const known = columns.some((column) => column.id === wanted.column);
  return (
    <section aria-labelledby="processes-title" class="card" id="processes">
      <h2 id="processes-title">
        Processes <span class="faint">{count(processes.length)}</span>
      </h2>
      {processes.length === 0 ? (
        <Nobody status={status} />
      ) : (
        <Table
          label="Processes"
          count={processes.length}
          columns={columns}
          sort={known ? wanted : parseSort("rss", isText)}
          onSort={(next) => onSort(formatSort(next, isText))}
          open={-1}
          onOpen={(row) => onOpen(processes[row]!.pid)}
        />
      )}
    </section>
  );
}

function columnsOf(processes: Process[]): Column[] {
  const of = (row: number) => processes[row]!;
  const mostRss = Math.max(1, ...processes.map((each) => (each.state === "running" ? each.rss.last : 0)));
  // What is not known sorts last and shows as a dash.
  const figure = (id: string, title: string, hint: string, value: (each: Process) => number | null | undefined, show: (value: number, each: Process) => string, from = 0): Column => ({
    id,
    title,
    hint,
    width: "minmax(78px, 112px)",
    from,
    value: (row) => value(of(row)) ?? -1,
    show: (row) => {
      const one = value(of(row));
      return one == null ? <span class="faint">–</span> : <span title={exact(one)}>{show(one, of(row))}</span>;
    },
  });
  const size = (value: number) => bytes(value);
  return [
    {
      id: "name",
      title: "Process",
      isText: true,
      width: "minmax(110px, 1fr)",
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
    { id: "state", title: "State", isText: true, width: "minmax(90px, 230px)", from: 900, value: (row) => stateText(of(row)), show: (row) => <span class={of(row).state === "ended" ? "faint" : ""}>{stateText(of(row))}</span> },
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
