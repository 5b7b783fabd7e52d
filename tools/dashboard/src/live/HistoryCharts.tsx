// What a process had over time: sizes, how much of it the heap does not explain, how fast it allocates.
import { useEffect, useMemo, useState } from "preact/hooks";
import { bytes, count, percent } from "../text/format";
import { LiveChart, type TimeMark } from "../timeline/LiveChart";
import { withHeapAt } from "../timeline/peak";
import { BYTE_STEPS } from "../timeline/series";
import { Segments } from "../parts/Segments";
import { RANGES, type Range } from "./address";
import { GrownSince } from "./GrownSince";
import type { Recorded } from "./recording";
import { linesOf, mergeSamples, peakMoment, sinceStart } from "./samples";
import type { Alert, MemoryEvent, Sample } from "./types";
import { RECORDED_EVERY_MS, useAnswer } from "./use_answer";

interface HistoryChartsProps {
  recorded: Recorded | undefined; // then all of it is shown, by the time since its start
  pid: number;
  range: Range;
  onRange(range: Range): void;
  alerts: Alert[];
  events: MemoryEvent[];
  isRunning: boolean; // as far as is known now
  seconds: number;
  theme: "light" | "dark";
  epoch: number;
}

const EVERY_MS = 1000;
const OVERLAP_S = 15; // of what is asked for again each second
const WORDS: Record<Range, string> = { "10m": "10 min", "1h": "hour", "24h": "day", "7d": "week" };

interface Answer {
  samples: Sample[];
}

export function HistoryCharts({ recorded, pid, range, onRange, alerts, events, isRunning, seconds, theme, epoch }: HistoryChartsProps) {
  const whole = useAnswer<Answer>(`api/v1/history?pid=${pid}${recorded ? "" : `&seconds=${seconds}`}&count=100000`, recorded ? RECORDED_EVERY_MS : 60_000, epoch);
  const fresh = useAnswer<Answer>(isRunning ? `api/v1/history?pid=${pid}&seconds=${OVERLAP_S}&count=100` : undefined, EVERY_MS, epoch);
  const [samples, setSamples] = useState<Sample[]>([]);
  const [isZoomed, setZoomed] = useState(false);
  const now = Date.now() / 1000;
  // Minutes that were merged meanwhile replace their seconds.
  useEffect(() => setSamples(whole.value?.samples ?? []), [whole.value]);
  useEffect(() => {
    if (fresh.value && whole.value) setSamples((old) => mergeSamples(old, fresh.value!.samples, Date.now() / 1000 - seconds));
  }, [fresh.value, whole.value]);

  const start = recorded?.recording.started_at ?? 0;
  const peak = recorded?.heap?.peak_bytes ?? 0;
  const seen = useMemo(() => linesOf(samples), [samples]);
  const peakAt = useMemo(() => recorded && peakMoment(seen, recorded.recording.peak_at, peak), [seen, recorded?.recording.peak_at, peak]);
  const lines = useMemo(() => (recorded === undefined ? seen : sinceStart(peakAt === undefined ? seen : withHeapAt(seen, peakAt, peak), start)), [seen, recorded === undefined, start, peakAt, peak]);
  const marks = useMemo(
    (): TimeMark[] => [
      ...(peakAt !== undefined ? [{ at: Math.max(0, peakAt - start), text: `most heap: ${bytes(peak)}`, tone: "--heap", small: true }] : []),
      ...events.map((event) => ({ at: Math.max(0, event.time - start), text: event.kind === "failure" ? `✕ ${event.function} failed` : `▲ ${event.function} of ${bytes(event.size)}`, tone: event.kind === "failure" ? "--bad" : "--caution", small: true })),
      ...alerts.map((alert) => ({ at: alert.time, text: `⚑ ${alert.message}`, tone: alert.severity === "critical" ? "--bad" : "--caution" })),
    ],
    [events, alerts, start, peakAt, peak],
  );
  const to = isRunning ? now : (lines.at[lines.at.length - 1] ?? now);
  // A process that is younger than the range fills the picture all the same.
  const from = recorded ? 0 : Math.max(to - seconds, Math.min(lines.at[0] ?? to - seconds, to - 60));
  const hasHeap = lines.heap.some((value) => value !== null);
  const common = { at: lines.at, from, to: recorded ? Math.max(to, recorded.watched_for) : to, isElapsed: recorded !== undefined, isNow: isRunning, marks, group: `history-${pid}`, isZoomed, onZoomed: setZoomed, theme };
  return (
    <section aria-labelledby="history-title" class="card" id="history">
      <div class="section-head">
        <h2 id="history-title">Over time</h2>
        {!recorded && <Segments name="range" label="How far back" values={Object.keys(RANGES) as Range[]} chosen={range} onChoose={onRange} text={(each) => WORDS[each]} />}
      </div>
      {lines.at.length === 0 ? (
        <p class="empty">{whole.problem?.kind === "gone" ? `${recorded ? "memwatch serve" : "The daemon"} does not answer.` : whole.problem ? `No history: ${whole.problem.why}.` : whole.value ? (recorded ? "It ended before anything was sampled (memwatch run --rss-interval 10 looks more often)." : "Nothing was seen in this time yet.") : "Asking for what was seen…"}</p>
      ) : (
        <div class={hasHeap ? "charts" : "charts alone"}>
          <LiveChart
            {...common}
            title="Memory"
            height={hasHeap ? 274 : 240} // as the two beside it
            lines={[
              { name: "RSS", color: "--rss", fill: "--rss-fill", values: lines.rss },
              ...(hasHeap
                ? [
                    { name: "heap", color: "--heap", fill: "--heap-fill", values: lines.heap },
                    { name: "external", color: "--mapped", values: lines.external },
                  ]
                : []),
            ]}
            format={(value) => bytes(Math.round(value))}
            steps={BYTE_STEPS}
          />
          {hasHeap && <LiveChart {...common} title="External, of RSS" height={120} lines={[{ name: "ratio", color: "--mapped", fill: "--rss-fill", values: lines.ratio }]} format={percent} />}
          {samples.some((sample) => sample.allocations > 0) && (
            <LiveChart {...common} title="Allocations a second" height={120} lines={[{ name: "rate", color: "--heap", fill: "--heap-fill", values: lines.rate }]} format={(value) => count(value < 10 ? Number(value.toFixed(1)) : Math.round(value))} />
          )}
        </div>
      )}
      {!recorded && hasHeap && <GrownSince pid={pid} seconds={seconds} epoch={epoch} />}
      <p class="note faint">Drag to zoom, double-click to see all.{marks.length > 0 && ` ${recorded ? "Flags mark the peak" : "Flags mark alerts (with a line)"}, failures and large allocations.`}</p>
    </section>
  );
}
