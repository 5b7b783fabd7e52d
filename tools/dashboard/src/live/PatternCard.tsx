// Does it grow? The pattern of the whole recording with how sure that is, and of the last hour.
import { bytes, counted, duration } from "../text/format";
import { headlineOf } from "../data/frames";
import { FrameText } from "../parts/FrameText";
import { framesOf } from "./stack_frames";
import type { Recorded } from "./recording";
import type { Growth, Pattern, Verdict } from "./types";
import { RECORDED_EVERY_MS, useAnswer } from "./use_answer";

const EVERY_MS = 10_000;
const MOST_SITES = 4;
const WORDS: Record<Pattern["pattern"], { title: string; tone: string; icon: string }> = {
  stable: { title: "Stable", tone: "good", icon: "✓" },
  linear: { title: "Grows steadily", tone: "caution", icon: "↗" },
  exponential: { title: "Grows ever faster", tone: "bad", icon: "⇑" },
  spike: { title: "Rose at once", tone: "caution", icon: "▲" },
  leak: { title: "Grows like a leak", tone: "bad", icon: "⚠" },
};

interface PatternCardProps {
  pid: number;
  isKnown: boolean;
  recorded: Recorded | undefined;
  epoch: number;
}

export function PatternCard({ pid, isKnown, recorded, epoch }: PatternCardProps) {
  const { value, problem } = useAnswer<Growth>(isKnown ? `api/v1/growth?pid=${pid}` : undefined, recorded ? RECORDED_EVERY_MS : EVERY_MS, epoch);
  if (value === undefined) {
    if (problem === undefined || problem.kind === "gone") return isKnown ? <section class="card pattern" id="pattern" aria-label="Growth"><h2>Growth</h2><p class="empty">Looking whether it grows…</p></section> : null;
    return (
      <section class="card pattern" id="pattern" aria-label="Growth">
        <h2>Growth</h2>
        <p class="empty">Not judged: {problem.why}.</p>
      </section>
    );
  }
  return (
    <section class="card pattern" id="pattern" aria-labelledby="pattern-title">
      <h2 id="pattern-title">Growth</h2>
      {value.growth === null ? <p class="empty">Its heap is not followed.</p> : <Judged growth={value.growth} />}
      {value.recent && (
        <dl class="pairs">
          {value.recent.live && <Recent name={recorded ? "Heap" : "Heap lately"} verdict={value.recent.live} />}
          <Recent name={recorded ? "RSS" : "RSS lately"} verdict={value.recent.rss} />
          <div>
            <dt>Looked at</dt>
            <dd>{counted(value.recent.samples, "sample", "samples")} {recorded && recorded.watched_for <= value.recent.seconds ? "of the whole run" : `of ${recorded ? "its" : "the"} last ${duration(value.recent.seconds).replace(/ 00 (min|s)$/, "")}`}</dd>
          </div>
        </dl>
      )}
      {value.sites.length > 0 && (
        <>
          <h3>Where it grows</h3>
          <ul class="growing">
            {value.sites.slice(0, MOST_SITES).map((site, index) => {
              const { frame, callers } = headlineOf(framesOf(site.stack), 1);
              return (
                <li key={index}>
                  {frame ? <FrameText frame={frame} callers={callers} /> : "(no stack)"}
                  <span class="growing-rate">
                    {rate(site.bytes_per_second)}, {site.confidence} % sure
                  </span>
                </li>
              );
            })}
          </ul>
        </>
      )}
    </section>
  );
}

function Judged({ growth }: { growth: Pattern }) {
  const { title, tone, icon } = WORDS[growth.pattern] ?? WORDS.stable;
  return (
    <>
      <p class={`verdict ${tone}`}>
        <span aria-hidden="true">{icon} </span>
        <b>{title}</b>
      </p>
      <div class="confidence">
        <span id="confidence-label">{growth.confidence} % sure</span>
        <i class="gauge small" role="meter" aria-labelledby="confidence-label" aria-valuemin={0} aria-valuemax={100} aria-valuenow={growth.confidence}>
          <i class={`gauge-fill ${tone}`} style={{ width: `${growth.confidence}%` }} />
        </i>
      </div>
      <p class="faint">
        {growth.pattern !== "stable" && growth.bytes_per_second !== 0 && `${rate(growth.bytes_per_second)}, over ${duration(growth.duration)}. `}
        {growth.seconds_to_limit !== null && `At this rate its limit is reached in ${duration(growth.seconds_to_limit)}. `}
        {growth.recommendation}
      </p>
    </>
  );
}

function Recent({ name, verdict }: { name: string; verdict: Verdict }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{verdict.growing ? <b>↗ {rate(verdict.bytes_per_second)}</b> : "does not grow"}</dd>
    </div>
  );
}

function rate(bytesPerSecond: number): string {
  const sign = bytesPerSecond < 0 ? "−" : "+";
  const size = Math.abs(bytesPerSecond);
  return size >= 1 ? `${sign}${bytes(Math.round(size))}/s` : `${sign}${bytes(Math.round(size * 3600))}/h`;
}
