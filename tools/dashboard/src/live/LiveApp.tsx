// The whole page: its head, and below it the list of processes or one of them.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { PageButtons } from "../parts/PageButtons";
import { usePage } from "../parts/use_page";
import { resolveTheme } from "../state/theme";
import type { ViewState } from "../state/view";
import type { LiveView } from "./address";
import { Alerts, useAlerts } from "./Alerts";
import { ConnectionState, Gone } from "./ConnectionState";
import { Events } from "./Events";
import { LiveHelp } from "./LiveHelp";
import { processOf } from "./news";
import { isRecording, pidOf } from "./recording";
import { RecordingList } from "./RecordingList";
import { RecordingTotals } from "./RecordingTotals";
import { ProcessList } from "./ProcessList";
import { ProcessPage } from "./ProcessPage";
import { Totals } from "./Totals";
import type { Watch } from "./watch";

export function LiveApp({ watch, state }: { watch: Watch; state: ViewState<LiveView> }) {
  const view = state.view.value;
  const { change } = state;
  const theme = resolveTheme(view.theme);
  const [help, setHelp] = useState(false);
  const searchBox = useRef<HTMLInputElement>(null);
  const callerOf = useRef<(node: number) => number>(() => 0);
  usePage(state, searchBox, () => setHelp(true), (node) => callerOf.current(node));

  const status = watch.status.value;
  const connection = watch.connection.value;
  const process = status && view.pid > 0 ? processOf(status.processes, view.pid) : undefined;
  const alerts = useAlerts(watch, view.pid > 0 ? view.pid : undefined);
  const open = (pid: number) => change({ pid, zoom: 0, row: -1, search: "" });
  useEffect(() => {
    const what = process ? `${process.name} (${pidOf(process)})` : status?.recordings ? "Recordings" : status ? `${status.totals.running} processes` : "";
    document.title = `${connection.state === "gone" ? "⚠ " : ""}${what === "" ? "" : `${what} · `}memwatch`;
  }, [process?.name, process?.pid, status?.totals.running, status?.recordings === undefined, connection.state]);
  const recorded = useMemo(() => status?.processes.filter(isRecording) ?? [], [status?.processes]);

  return (
    <>
      <header>
        <div class="title">
          <h1>
            {view.pid > 0 ? (
              <>
                <a href="#" onClick={(event) => (event.preventDefault(), open(0))}>
                  {status?.recordings ? "Recordings" : "Processes"}
                </a>{" "}
                <span aria-hidden="true">›</span> <span>{process ? process.name : "process"} <span class="faint">{process ? pidOf(process) : view.pid}</span></span>
              </>
            ) : (
              "memwatch"
            )}
          </h1>
          <PageButtons theme={view.theme} onTheme={(next) => change({ theme: next })} onHelp={() => setHelp(true)} />
        </div>
        <ConnectionState connection={connection} status={status} />
      </header>
      <main>
        {connection.state === "gone" && <Gone since={connection.since} status={status} />}
        {status?.recordings && status.recordings.remarks.length > 0 && <Remarks of={status.recordings.remarks} />}
        {status === undefined ? (
          connection.state !== "gone" && <p class="empty">Asking the daemon…</p>
        ) : view.pid > 0 ? (
          <ProcessPage key={view.pid} watch={watch} alerts={alerts} status={status} process={process} view={view} change={change} theme={theme} searchBox={searchBox} callerOf={callerOf} />
        ) : status.recordings ? (
          <>
            <RecordingTotals status={status} processes={recorded} />
            <RecordingList processes={recorded} sort={view.sort} onSort={(sort) => change({ sort })} onOpen={open} />
            <Events events={status.events} onOpen={open} pidOf={(pid) => recorded.find((each) => each.pid === pid)?.recording.pid ?? pid} />
          </>
        ) : (
          <>
            <Totals status={status} />
            <ProcessList status={status} isGone={connection.state === "gone"} sort={view.sort} onSort={(sort) => change({ sort })} onOpen={open} />
            <Alerts asked={alerts} shown={view.alerts} onShow={(alerts) => change({ alerts })} onOpen={open} />
            <Events events={status.events} onOpen={open} />
          </>
        )}
      </main>
      {help && <LiveHelp isOfRecordings={status?.recordings !== undefined} onClose={() => setHelp(false)} />}
    </>
  );
}

// Of files that were deleted or replaced since they were read.
function Remarks({ of }: { of: string[] }) {
  return (
    <ul class="remarks" role="status" id="file-remarks">
      {of.map((remark) => (
        <li key={remark}>⚠ {remark}</li>
      ))}
    </ul>
  );
}
