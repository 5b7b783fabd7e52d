// What can be asked for of a process: to look for leaks now, and to take its data along.
import { useEffect, useState } from "preact/hooks";
import { duration } from "../text/format";
import { ask, type Answer } from "./http";
import { Leaks } from "./Leaks";
import type { Analysis } from "./types";

const FORMATS = [
  ["html", "HTML page"],
  ["json", "JSON"],
  ["text", "Text"],
  ["csv", "CSV"],
  ["collapsed", "Collapsed stacks"],
  ["speedscope", "speedscope"],
  ["pprof", "pprof"],
  ["massif", "Massif"],
  ["heaptrack", "heaptrack"],
] as const;

interface ActionsProps {
  pid: number;
  shownPid: number; // in names of files
  isRunning: boolean;
  isRecording: boolean;
  isExact: boolean; // else blocks have to be watched before they can be judged
}

const WATCH_TIMES = [
  [10, "10 s"],
  [60, "1 minute"],
  [300, "5 minutes"],
] as const;
const JUDGING_MS = 120_000;

export function Actions({ pid, shownPid, isRunning, isRecording, isExact }: ActionsProps) {
  const [analysis, setAnalysis] = useState<Answer<Analysis> | "asking" | undefined>();
  const [seconds, setSeconds] = useState<number>(WATCH_TIMES[0][0]);
  const [until, setUntil] = useState(0); // of the watch, by the page's clock
  const analyse = async () => {
    setAnalysis("asking");
    setUntil(Date.now() + seconds * 1000);
    const query = isExact ? "" : `&seconds=${seconds}`;
    setAnalysis(await ask<Analysis>(`api/v1/analyze?pid=${pid}${query}`, "POST", undefined, JUDGING_MS + (isExact ? 0 : seconds * 1000)));
  };
  return (
    <section aria-labelledby="actions-title" class="card" id="actions">
      <div class="section-head">
        <h2 id="actions-title">{isRecording ? "Reports and data" : "Look closer"}</h2>
        <div class="tools">
          {isRunning && (
            <button
              type="button"
              id="analyse"
              disabled={analysis === "asking"}
              onClick={() => void analyse()}
              title={
                isExact
                  ? "Which blocks does nothing lead to any more? The process stands still for some milliseconds."
                  : "It is not recorded exactly, so what it allocates from now on is watched for a while. Which of these blocks does nothing lead to then? The process stands still for some milliseconds."
              }
            >
              {analysis === "asking" ? "Looking for leaks…" : "Analyse: look for leaks"}
            </button>
          )}
          {isRunning && !isExact && (
            <label>
              in what it allocates for{" "}
              <select id="analyse-seconds" disabled={analysis === "asking"} value={seconds} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
                {WATCH_TIMES.map(([each, title]) => (
                  <option key={each} value={each}>
                    {title}
                  </option>
                ))}
              </select>
            </label>
          )}
          <details class="export">
            <summary>Export</summary>
            <ul>
              {FORMATS.map(([format, title]) => (
                <li key={format}>
                  <a href={`api/v1/report?pid=${pid}&format=${format}`} download={`memwatch-${shownPid}.${format}`}>
                    {title}
                  </a>
                </li>
              ))}
              <li>
                <a href={`api/v1/history?pid=${pid}&count=100000`} download={`memwatch-history-${shownPid}.json`}>
                  History (JSON)
                </a>
              </li>
              <li>
                <a href="api/v1/export" download="memwatch-export.json">
                  All data of all processes
                </a>
              </li>
            </ul>
          </details>
        </div>
      </div>
      {(isRunning || analysis !== undefined) && (
        <div role="status" id="analysis">
          {analysis === "asking" && !isExact && <Watching until={until} seconds={seconds} />}
          {analysis !== undefined && analysis !== "asking" && <Leaks answer={analysis} />}
        </div>
      )}
    </section>
  );
}

// How far a watch is. The daemon goes on with it where the page is closed.
function Watching({ until, seconds }: { until: number; seconds: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  const left = Math.ceil((until - now) / 1000);
  return (
    <p class="faint">
      <progress max={seconds} value={Math.min(seconds, seconds - (until - now) / 1000)} aria-label="Watching" /> {left > 0 ? `Watching what it allocates: another ${left < 60 ? `${left} s` : duration(left)}. What it had before cannot be judged.` : "Looking through its memory and for names of functions…"}
    </p>
  );
}
