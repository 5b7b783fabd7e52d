// What can be asked for of a process: to look for leaks now, and to take its data along.
import { useState } from "preact/hooks";
import { headlineOf } from "../data/frames";
import { FrameText } from "../parts/FrameText";
import { Stack } from "../parts/Stack";
import { bytes, counted, duration } from "../text/format";
import { ask, type Answer } from "./http";
import { framesOf } from "./stack_frames";
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

export function Actions({ pid, isRunning }: { pid: number; isRunning: boolean }) {
  const [analysis, setAnalysis] = useState<Answer<Analysis> | "asking" | undefined>();
  const analyse = async () => {
    setAnalysis("asking");
    setAnalysis(await ask<Analysis>(`api/v1/analyze?pid=${pid}`, "POST"));
  };
  return (
    <section aria-labelledby="actions-title" class="card" id="actions">
      <div class="section-head">
        <h2 id="actions-title">Look closer</h2>
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
                  <a href={`api/v1/report?pid=${pid}&format=${format}`} download={`memwatch-${pid}.${format}`}>
                    {title}
                  </a>
                </li>
              ))}
              <li>
                <a href={`api/v1/history?pid=${pid}&count=100000`} download={`memwatch-history-${pid}.json`}>
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
      <div role="status" id="analysis">
        {analysis !== undefined && analysis !== "asking" && <Analysed answer={analysis} />}
      </div>
    </section>
  );
}

const MOST = 10;

function Analysed({ answer }: { answer: Answer<Analysis> }) {
  if (answer.kind !== "value") {
    return <p class="bad">Not analysed: {answer.kind === "gone" ? "the daemon does not answer" : answer.why}.</p>;
  }
  const { leaks } = answer.value;
  if (leaks.method === "none") return <p class="empty">No verdict on leaks: {leaks.reason || "it is not recorded exactly"}.</p>;
  const records = leaks.records.filter((record) => record.kind === "definite" || record.kind === "possible" || record.kind === "indirect").sort((a, b) => b.bytes - a.bytes);
  const amount = (size: number, blocks: number) => `${bytes(size)} in ${counted(blocks, "block", "blocks")}`;
  const found = leaks.definite_blocks + leaks.possible_blocks > 0;
  return (
    <>
      <p class={`verdict ${found ? "bad" : "good"}`}>
        {found ? (
          <>
            ⚠ <b>{amount(leaks.definite_bytes, leaks.definite_blocks)}</b> that nothing leads to any more
            {leaks.possible_blocks > 0 && `, ${amount(leaks.possible_bytes, leaks.possible_blocks)} possibly`}
          </>
        ) : (
          "✓ No leak was found: something still leads to every block."
        )}
      </p>
      <p class="faint">
        It stood still for {duration(leaks.pause_ms / 1000)}.{!leaks.complete && ` ${leaks.reason}.`}
      </p>
      <ul class="leaks">
        {records.slice(0, MOST).map((record, index) => {
          const frames = framesOf(record.stack);
          const { frame, callers } = headlineOf(frames);
          return (
            <li key={index}>
              <details>
                <summary>
                  <span class={record.kind === "possible" ? "badge caution" : "badge bad"}>{record.kind}</span> {amount(record.bytes, record.blocks)} {frame ? <FrameText frame={frame} callers={callers} /> : "(no stack)"}
                </summary>
                <Stack frames={frames} />
              </details>
            </li>
          );
        })}
      </ul>
      {records.length > MOST && <p class="note faint">and {records.length - MOST} smaller ones: memwatch leaks</p>}
    </>
  );
}
