// All processes of the sessions that are served, as a table; a row leads to the process.
import type { Column } from "../table/Table";
import { dayAndTime } from "../text/clock";
import { bytes, count, duration, exact } from "../text/format";
import { howHint, howText } from "./ProcessList";
import { figures, ProcessTable } from "./ProcessTable";
import { endHint, endOf, fileOf, isByLifetime, leaked, leakHint, type Recorded } from "./recording";

interface RecordingListProps {
  processes: Recorded[];
  sort: string;
  onSort(sort: string): void;
  onOpen(pid: number): void;
}

const TEXT_COLUMNS = ["name", "file", "end", "how"];

export function RecordingList(props: RecordingListProps) {
  const empty = <p class="empty">These sessions hold no process.</p>;
  return <ProcessTable title="Recorded processes" columnsOf={columnsOf} textColumns={TEXT_COLUMNS} otherwise="peak" empty={empty} {...props} />;
}

function columnsOf(processes: Recorded[]): Column[] {
  const of = (row: number) => processes[row]!;
  const most = Math.max(1, ...processes.map((each) => each.heap?.peak_bytes ?? 0));
  const figure = figures(of, "minmax(78px, 96px)");
  return [
    {
      id: "name",
      title: "Process",
      isText: true,
      width: "minmax(100px, 2fr)",
      value: (row) => of(row).name,
      show: (row) => (
        <span title={of(row).command.join(" ")}>
          {of(row).name} <span class="faint">{of(row).recording.pid}</span>
        </span>
      ),
    },
    { id: "file", title: "Recording", hint: "The session file", isText: true, width: "minmax(90px, 1fr)", from: 620, value: (row) => fileOf(of(row)), show: (row) => <span title={of(row).recording.file}>{fileOf(of(row))}</span> },
    { id: "when", title: "Started", hint: "When the process was started", width: "136px", from: 900, value: (row) => of(row).recording.started_at, show: (row) => dayAndTime(of(row).recording.started_at) },
    { id: "time", title: "Took", hint: "From its start to its end, or the recording's", width: "80px", from: 760, value: (row) => of(row).watched_for, show: (row) => duration(of(row).watched_for) },
    {
      id: "end",
      title: "Ended",
      isText: true,
      width: "minmax(84px, 130px)",
      from: 480,
      value: (row) => endOf(of(row)),
      show: (row) => (
        <span class={of(row).exit?.kind === "signaled" ? "bad" : of(row).recording.complete ? "" : "caution"} title={endHint(of(row))}>
          {endOf(of(row))}
        </span>
      ),
    },
    { ...figure("peak", "Peak heap", "The most that was live at once", (each) => each.heap?.peak_bytes, bytes), width: "minmax(92px, 112px)", bar: (row) => (of(row).heap?.peak_bytes ?? 0) / most },
    {
      ...figure("leaked", "Leaked", "By reachability where it was checked at the end, else what was not freed (?)", leaked, bytes),
      show: (row) => {
        const lost = leaked(of(row));
        if (lost === null) return <span class="faint">–</span>;
        const isBad = lost > 0 && !isByLifetime(of(row));
        return (
          <span class={isBad ? "bad" : ""} title={`${exact(lost)} bytes. ${leakHint(of(row))}`}>
            {bytes(lost)}
            {lost > 0 && isByLifetime(of(row)) && <span class="faint"> ?</span>}
          </span>
        );
      },
    },
    figure("most", "Peak RSS", "The most resident memory that was seen", (each) => each.rss.peak, bytes, 840),
    figure("allocations", "Allocations", "Successful calls", (each) => each.totals?.allocations, count, 1020),
    figure("failed", "Failed", "Calls that got no memory", (each) => each.totals?.failed, count, 1120),
    { id: "how", title: "Mode", hint: "How much was recorded", isText: true, width: "72px", from: 1200, value: (row) => howText(of(row)), show: (row) => <span title={howHint(of(row))}>{howText(of(row))}</span> },
  ];
}
