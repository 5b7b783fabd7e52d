// What can be asked for of a process: to look for leaks now, and to take its data along.
import { useState } from "preact/hooks";
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
}

export function Actions({ pid, shownPid, isRunning, isRecording }: ActionsProps) {
  const [analysis, setAnalysis] = useState<Answer<Analysis> | "asking" | undefined>();
  const analyse = async () => {
    setAnalysis("asking");
    setAnalysis(await ask<Analysis>(`api/v1/analyze?pid=${pid}`, "POST"));
  };
  return (
    <section aria-labelledby="actions-title" class="card" id="actions">
      <div class="section-head">
        <h2 id="actions-title">{isRecording ? "Reports and data" : "Look closer"}</h2>
        <div class="tools">
          {isRunning && (
            <button type="button" id="analyse" disabled={analysis === "asking"} onClick={() => void analyse()} title="Which blocks does nothing lead to any more? The process stands still for some milliseconds.">
              {analysis === "asking" ? "Looking for leaks…" : "Analyse: look for leaks"}
            </button>
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
          {analysis !== undefined && analysis !== "asking" && <Leaks answer={analysis} />}
        </div>
      )}
    </section>
  );
}
