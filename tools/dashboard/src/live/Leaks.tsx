// What a leak check found: of a process that runs, now; of a recording, when it ended.
import { useEffect, useState } from "preact/hooks";
import { headlineOf } from "../data/frames";
import { FrameText } from "../parts/FrameText";
import { Stack } from "../parts/Stack";
import { bytes, counted, duration } from "../text/format";
import { asFarAsSeen, noLeakFound } from "../text/leak_words";
import { ask, type Answer } from "./http";
import { isByLifetime, type Recorded } from "./recording";
import { framesOf } from "./stack_frames";
import type { Analysis } from "./types";

const MOST = 10;
const BAD = ["definite", "possible", "indirect", "unclassified"];

// It is in the recording, so nobody has to ask for it.
export function RecordedLeaks({ process, epoch }: { process: Recorded; epoch: number }) {
  const [answer, setAnswer] = useState<Answer<Analysis> | undefined>();
  useEffect(() => {
    const stopping = new AbortController();
    void ask<Analysis>(`api/v1/analyze?pid=${process.pid}`, "POST", stopping.signal).then((given) => {
      if (!stopping.signal.aborted) setAnswer(given);
    });
    return () => stopping.abort();
  }, [process.pid, epoch]);
  return (
    <section aria-labelledby="leaks-title" class="card" id="leaks">
      <h2 id="leaks-title">{isByLifetime(process) ? "Not freed at the end" : "Leaks at the end"}</h2>
      <div id="analysis" role="status">
        {answer === undefined ? <p class="empty">Looking up names of functions…</p> : <Leaks answer={answer} recorded={process} />}
      </div>
    </section>
  );
}

export function Leaks({ answer, recorded }: { answer: Answer<Analysis>; recorded?: Recorded }) {
  if (answer.kind !== "value") {
    return <p class="bad">Not analysed: {answer.kind === "gone" ? `${recorded ? "memwatch serve" : "the daemon"} does not answer` : answer.why}.</p>;
  }
  const { leaks } = answer.value;
  if (leaks.method !== "reachability" && !recorded) return <p class="empty">No verdict on leaks: {leaks.reason || "it is not recorded exactly"}.</p>;
  const records = leaks.records.filter((record) => BAD.includes(record.kind)).sort((a, b) => b.bytes - a.bytes);
  const amount = (size: number, blocks: number) => `${bytes(size)} in ${counted(blocks, "block", "blocks")}`;
  const found = leaks.definite_blocks + leaks.possible_blocks > 0;
  const watched = leaks.watched_seconds === undefined ? "" : `, of what it allocated in ${duration(leaks.watched_seconds)}`;
  return (
    <>
      {leaks.method !== "reachability" ? (
        <p class="verdict">
          <b>{bytes(recorded!.recording.leaked_bytes)}</b> {recorded!.recording.leaked_bytes > 0 ? "was live when the recording ended; whether something still led to it is not known" : "was live when the recording ended"}
        </p>
      ) : (
        <p class={`verdict ${found ? "bad" : leaks.all_seen ? "good" : "caution"}`}>
          {found ? (
            <>
              ⚠ <b>{amount(leaks.definite_bytes, leaks.definite_blocks)}</b> that nothing {recorded ? "led to any more when it ended" : "leads to any more"}
              {leaks.indirect_blocks !== undefined && leaks.indirect_blocks > 0 && `, ${amount(leaks.indirect_bytes ?? 0, leaks.indirect_blocks)} that only these ${recorded ? "led" : "lead"} to`}
              {leaks.possible_blocks > 0 && `, ${amount(leaks.possible_bytes, leaks.possible_blocks)} possibly`}
              {watched}
              {asFarAsSeen(leaks.all_seen)}
            </>
          ) : leaks.watched_seconds !== undefined && !recorded ? (
            `${noLeakFound(leaks.all_seen)}, among what it allocated in ${duration(leaks.watched_seconds)}.`
          ) : (
            `${noLeakFound(leaks.all_seen)}: something still ${recorded ? "led" : "leads"} to every block.`
          )}
        </p>
      )}
      <p class="faint">
        {leaks.pause_ms > 0 && `${recorded ? "Checked when it ended, which took" : "It stood still for"} ${duration(leaks.pause_ms / 1000)}.`}
        {(leaks.method !== "reachability" || !leaks.complete) && leaks.reason && ` ${leaks.reason[0]!.toUpperCase()}${leaks.reason.slice(1)}.`}
      </p>
      <ul class="leaks">
        {records.slice(0, MOST).map((record, index) => {
          const frames = framesOf(record.stack);
          const { frame, callers } = headlineOf(frames);
          const tone = record.kind === "unclassified" ? "" : record.kind === "possible" ? "caution" : "bad";
          return (
            <li key={index}>
              <details>
                <summary>
                  <span class={`badge ${tone}`}>{record.kind === "unclassified" ? "not freed" : record.kind}</span> {amount(record.bytes, record.blocks)} {frame ? <FrameText frame={frame} callers={callers} /> : "(no stack)"}
                </summary>
                <Stack frames={frames} />
              </details>
            </li>
          );
        })}
      </ul>
      {records.length > MOST && <p class="note faint">and smaller ones: {recorded ? `memwatch report --view leaks --pid ${recorded.recording.pid} ${recorded.recording.file}` : "memwatch leaks"}</p>}
    </>
  );
}
