// One process: how it is, its memory, its history, where the memory is, what was raised.
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import { dayAndTime } from "../text/clock";
import { bytes, duration } from "../text/format";
import { RANGES, type LiveView } from "./address";
import { Actions } from "./Actions";
import { Alerts } from "./Alerts";
import { ConsumersSection } from "./ConsumersSection";
import { Events } from "./Events";
import { HistoryCharts } from "./HistoryCharts";
import { LiveFlameSection } from "./LiveFlameSection";
import { MemoryWidget } from "./MemoryWidget";
import { howItEnded } from "./news";
import { PatternCard } from "./PatternCard";
import { howHint, howText } from "./ProcessList";
import { endHint, endOf, fileOf, isRecording, type Recorded } from "./recording";
import { RecordedLeaks } from "./Leaks";
import type { Alert, Process, Status } from "./types";
import type { Asked } from "./use_answer";
import type { Watch } from "./watch";

export interface ProcessPageProps {
  watch: Watch;
  alerts: Asked<Alert[]>;
  status: Status;
  process: Process | undefined;
  view: LiveView;
  change(fields: Partial<LiveView>, history?: "push" | "replace"): void;
  theme: "light" | "dark";
  searchBox: RefObject<HTMLInputElement | null>;
  callerOf: RefObject<(node: number) => number>; // for the page's keys
}

export function ProcessPage({ watch, alerts, status, process, view, change, theme, searchBox, callerOf }: ProcessPageProps) {
  const { pid } = view;
  const events = useMemo(() => status.events.filter((event) => event.pid === pid), [status.events, pid]);
  const isRecorded = process?.source === "recorded";
  const isGone = watch.connection.value.state === "gone";
  const isRunning = process?.state === "running";
  const recorded = isRecording(process) ? process : undefined;
  // A file that was read again has another answer to everything.
  const epoch = watch.epoch.value + (recorded?.recording.times_read ?? 0);
  return (
    <>
      {process === undefined ? (
        <p class="remarks-line">
          {status.recordings ? `No recorded process has the number ${pid}: perhaps its file was replaced.` : `Process ${pid} is not watched, or no longer kept. What was seen of it earlier is below.`} <button type="button" class="link" onClick={() => change({ pid: 0 })}>{status.recordings ? "All recordings" : "All processes"}</button>
        </p>
      ) : recorded ? (
        <RecordedHead process={recorded} />
      ) : (
        <Head process={process} isGone={isGone} />
      )}
      <div class="overview">
        {process && <MemoryWidget process={process} told={watch.breakdowns.value.get(pid)} epoch={epoch} />}
        <PatternCard pid={pid} isKnown={process !== undefined} recorded={recorded} epoch={epoch} />
      </div>
      {recorded && recorded.mode !== "idle" && <RecordedLeaks process={recorded} epoch={epoch} />}
      {(process !== undefined || !status.recordings) && <HistoryCharts recorded={recorded} pid={pid} range={view.range} onRange={(range) => change({ range })} alerts={alerts.value ?? []} events={events} isRunning={isRunning && !isGone} seconds={RANGES[view.range]} theme={theme} epoch={epoch} />}
      {isRecorded && process.mode !== "idle" && (
        <LiveFlameSection pid={pid} isRecording={recorded !== undefined} isRunning={isRunning} view={view} change={change} theme={theme} searchBox={searchBox} callerOf={callerOf} epoch={epoch} />
      )}
      {isRecorded && process.mode !== "idle" && (isRunning || recorded) && <ConsumersSection pid={pid} isRecording={recorded !== undefined} view={view} change={change} epoch={epoch} />}
      {process && !isRecorded && <WithoutHeap process={process} />}
      {isRecorded && process.mode === "idle" && <p class="card empty">In idle mode no stacks are recorded. Record every allocation, or a sample: {recorded ? <code>memwatch run --mode sample</code> : <><code>mode = "exact"</code> or <code>"sample"</code> in memwatch.toml</>}.</p>}
      {isRecorded && <Actions pid={pid} shownPid={recorded?.recording.pid ?? pid} isRunning={isRunning} isRecording={recorded !== undefined} isExact={process.mode === "exact"} />}
      {!status.recordings && <Alerts asked={alerts} shown={view.alerts} onShow={(shown) => change({ alerts: shown })} />}
      <Events events={events} />
    </>
  );
}

// Of one that ran when the daemon was last heard of nobody knows whether it still does.
function Head({ process, isGone }: { process: Process; isGone: boolean }) {
  const isRunning = process.state === "running";
  const state = isRunning ? `${isGone ? "running when last seen" : "running"}, watched for ${duration(process.watched_for)}` : `${howItEnded(process)} ${duration(process.ended_ago ?? 0)} ${isGone ? "before that" : "ago"}`;
  return (
    <p class="meta" id="process-head">
      <span class={isRunning && !isGone ? "badge good" : "badge"}>{state}</span>
      <span class="badge" title={howHint(process)}>
        {howText(process)}
        {process.mode === "sample" && process.sample_interval ? ` every ${bytes(process.sample_interval)}` : ""}
      </span>
      {process.losses && process.losses.dropped > 0 && <span class="badge caution">⚠ {process.losses.dropped} events lost</span>}
      {process.losses?.joined && <span class="faint">recorded since it was found; what it allocated before is not known</span>}
      <code class="faint command">{process.command.join(" ")}</code>
    </p>
  );
}

function RecordedHead({ process }: { process: Recorded }) {
  const { recording } = process;
  const tone = process.exit?.kind === "signaled" ? "bad" : recording.complete ? "" : "caution";
  return (
    <>
      <p class="meta" id="process-head">
        <span class="badge" title={`A recording: ${recording.file}`}>
          recording {fileOf(process)}
        </span>
        <span class={`badge ${tone}`} title={endHint(process)}>
          {endOf(process)}, after {duration(process.watched_for)}
        </span>
        <span class="badge" title={howHint(process)}>
          {howText(process)}
          {process.mode === "sample" && process.sample_interval ? ` every ${bytes(process.sample_interval)}` : ""}
        </span>
        {process.losses && process.losses.dropped > 0 && <span class="badge caution">⚠ {process.losses.dropped} events lost</span>}
        <span class="faint">started {dayAndTime(recording.started_at)}</span>
        <code class="faint command">{process.command.join(" ")}</code>
      </p>
      {(!recording.complete || recording.notes.length > 0) && (
        <ul class="remarks" id="recording-notes">
          {!recording.complete && <li>⚠ The recording was cut short: what it has until then is shown.</li>}
          {recording.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function WithoutHeap({ process }: { process: Process }) {
  return (
    <p class="card empty" id="without-heap">
      {howHint(process)}
    </p>
  );
}
