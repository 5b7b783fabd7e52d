// One process: how it is, its memory, its history, where the memory is, what was raised.
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
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
  const isRunning = process?.state === "running";
  const epoch = watch.epoch.value;
  return (
    <>
      {process === undefined ? (
        <p class="remarks-line">
          Process {pid} is not watched, or no longer kept. What was seen of it earlier is below. <button type="button" class="link" onClick={() => change({ pid: 0 })}>All processes</button>
        </p>
      ) : (
        <Head process={process} />
      )}
      <div class="overview">
        {process && <MemoryWidget process={process} told={watch.breakdowns.value.get(pid)} epoch={epoch} />}
        <PatternCard pid={pid} isKnown={process !== undefined} epoch={epoch} />
      </div>
      <HistoryCharts pid={pid} range={view.range} onRange={(range) => change({ range })} alerts={alerts.value ?? []} events={events} isRunning={isRunning} seconds={RANGES[view.range]} theme={theme} epoch={epoch} />
      {isRecorded && process.mode !== "idle" && (
        <LiveFlameSection pid={pid} isRunning={isRunning} view={view} change={change} theme={theme} searchBox={searchBox} callerOf={callerOf} epoch={epoch} />
      )}
      {isRecorded && process.mode !== "idle" && isRunning && <ConsumersSection pid={pid} view={view} change={change} epoch={epoch} />}
      {process && !isRecorded && <WithoutHeap process={process} />}
      {isRecorded && process.mode === "idle" && <p class="card empty">In idle mode no stacks are recorded. Record every allocation, or a sample: <code>mode = "exact"</code> or <code>"sample"</code> in memwatch.toml.</p>}
      {isRecorded && <Actions pid={pid} isRunning={isRunning} />}
      <Alerts asked={alerts} shown={view.alerts} onShow={(shown) => change({ alerts: shown })} />
      <Events events={events} />
    </>
  );
}

function Head({ process }: { process: Process }) {
  const isRunning = process.state === "running";
  return (
    <p class="meta" id="process-head">
      <span class={isRunning ? "badge good" : "badge"}>{isRunning ? `running, watched for ${duration(process.watched_for)}` : `${howItEnded(process)} ${duration(process.ended_ago ?? 0)} ago`}</span>
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

function WithoutHeap({ process }: { process: Process }) {
  return (
    <p class="card empty" id="without-heap">
      {howHint(process)}
    </p>
  );
}
