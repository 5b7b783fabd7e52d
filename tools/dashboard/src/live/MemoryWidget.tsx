// How much memory a process has: a gauge of its resident memory, and opened, what that is made of.
import { useState } from "preact/hooks";
import { bytes, count, counted, duration, exact, percent } from "../text/format";
import { baseName } from "../data/frames";
import { externalOf } from "./news";
import { isRecording } from "./recording";
import type { Breakdown, Part, Process } from "./types";
import { useAnswer } from "./use_answer";

const EVERY_MS = 5000;

// Whose memory it is, in the order of the daemon's list; the colour tells families apart.
const PARTS: Record<string, { title: string; hint: string; tone: string }> = {
  heap: { title: "Live heap", hint: "blocks that are allocated and touched", tone: "heap" },
  allocator_overhead: { title: "Allocator's own", hint: "headers and rounding", tone: "overhead" },
  allocator_free: { title: "Free in the allocator", hint: "freed blocks that it keeps, and gaps", tone: "free" },
  mapped: { title: "Mapped by the program", hint: "anonymous memory of its own mmap", tone: "mapped" },
  stacks: { title: "Thread stacks", hint: "of all threads", tone: "stacks" },
  libraries: { title: "Program and libraries", hint: "code, constants, data", tone: "libraries" },
  files: { title: "Other files", hint: "mapped files", tone: "files" },
  shared: { title: "Shared memory", hint: "by name", tone: "shared" },
  memwatch: { title: "memwatch's own", hint: "the library and its segment", tone: "own" },
  untracked: { title: "Unexplained", hint: "anonymous memory that nothing above explains", tone: "untracked" },
};
const titleOf = (part: Part) => PARTS[part.name] ?? { title: part.name, hint: "", tone: "untracked" };

export function MemoryWidget({ process, told, epoch }: { process: Process; told: Breakdown | undefined; epoch: number }) {
  const [isOpen, setOpen] = useState(true);
  const isRunning = process.state === "running";
  const asked = useAnswer<Breakdown>(isOpen && isRunning ? `api/v1/breakdown?pid=${process.pid}` : undefined, EVERY_MS, epoch);
  const breakdown = newer(asked.value, told);
  // Of a recording the last sample, which is older than the heap's last figure: they are not compared.
  const atEnd = isRecording(process);
  const isKnown = isRunning || (atEnd && process.rss.last > 0);
  const rss = isKnown ? process.rss.last : 0;
  const most = Math.max(process.rss.peak, rss, 1);
  const heap = process.heap?.live_bytes ?? undefined;
  const external = externalOf(process);
  return (
    <section aria-labelledby="memory-title" class="card memory" id="memory">
      <div class="section-head">
        <h2 id="memory-title">Memory</h2>
        {!atEnd && <button type="button" aria-expanded={isOpen} aria-controls="memory-parts" onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Less" : "What it is made of"}
        </button>}
      </div>
      <div class="gauge" role="meter" aria-label="Resident memory" aria-valuemin={0} aria-valuemax={most} aria-valuenow={rss} aria-valuetext={`${bytes(rss)}, at most ${bytes(process.rss.peak)}`}>
        <i class="gauge-rss" style={{ width: `${(100 * rss) / most}%` }} />
        {heap !== undefined && isRunning && <i class="gauge-heap" style={{ width: `${(100 * Math.min(heap, rss)) / most}%` }} />}
      </div>
      <dl class="pairs">
        <Pair name={atEnd ? "RSS, last sample" : "RSS"} keyOf="rss" value={isKnown ? rss : undefined} note={isKnown ? `${percent(rss / most)} of its peak` : atEnd ? "not sampled" : "it has ended"} />
        <Pair name="Peak RSS" value={process.rss.peak} />
        {heap !== undefined && <Pair name={atEnd ? "Heap at the end" : "Traced heap"} {...(atEnd ? {} : { keyOf: "heap" as const })} value={heap} note={isRunning && rss > 0 && heap <= rss ? `${percent(heap / rss)} of RSS` : ""} />}
        {external !== undefined && isRunning && <Pair name="External" value={external} note={rss > 0 ? `${percent(external / rss)} of RSS` : ""} />}
        {atEnd && process.heap?.peak_bytes != null && <Pair name="Peak heap" value={process.heap.peak_bytes} note={`after ${duration(Math.max(0, process.recording.peak_at - process.recording.started_at))}`} />}
        {process.mapped !== undefined && process.mapped.live_bytes > 0 && <Pair name="Mapped" value={process.mapped.live_bytes} note="address space" />}
        {breakdown && <Pair name="Page tables" value={breakdown.page_tables} note="not in RSS" />}
        {breakdown && breakdown.swap > 0 && <Pair name="Swapped out" value={breakdown.swap} note="not in RSS" />}
        {breakdown && <Pair name="Virtual" value={breakdown.vms} note="address space" />}
        {breakdown && <Count name="Page faults" value={breakdown.faults.minor + breakdown.faults.major} note={`${count(breakdown.faults.major)} from disk`} />}
      </dl>
      {atEnd && <p class="note faint">What resident memory was made of is known of running processes alone{process.mode !== "idle" && "; below is who held the heap"}.</p>}
      <div id="memory-parts" hidden={!isOpen}>
        {breakdown ? (
          <Parts breakdown={breakdown} />
        ) : (
          isRunning && asked.problem && asked.problem.kind !== "gone" && <p class="note faint">What it is made of: {asked.problem.why}.</p>
        )}
      </div>
    </section>
  );
}

function newer(a: Breakdown | undefined, b: Breakdown | undefined): Breakdown | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.time >= b.time ? a : b;
}

function Pair({ name, value, note, keyOf }: { name: string; value: number | undefined; note?: string; keyOf?: "rss" | "heap" }) {
  return (
    <div>
      <dt>
        {keyOf && <i class={`key-line thick ${keyOf}`} aria-hidden="true" />}
        {name}
      </dt>
      <dd>
        {value === undefined ? "–" : <b title={`${exact(value)} bytes`}>{bytes(value)}</b>} {note && <span class="faint">{note}</span>}
      </dd>
    </div>
  );
}

function Count({ name, value, note }: { name: string; value: number; note: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b title={exact(value)}>{count(value)}</b> <span class="faint">{note}</span>
      </dd>
    </div>
  );
}

function Parts({ breakdown }: { breakdown: Breakdown }) {
  const parts = breakdown.parts.filter((part) => part.bytes > 0).sort((a, b) => b.bytes - a.bytes);
  return (
    <>
      <div class="stacked" aria-hidden="true">
        {parts.map((part) => (
          <i key={part.name} class={`part ${titleOf(part).tone}`} style={{ width: `${100 * part.share}%` }} title={`${titleOf(part).title}: ${bytes(part.bytes)}`} />
        ))}
      </div>
      <ul class="parts" aria-label="Parts of the resident memory">
        {parts.map((part) => (
          <PartRow key={part.name} part={part} />
        ))}
      </ul>
      <p class="note faint">
        {bytes(breakdown.rss)} in all, {breakdown.estimated ? "partly estimated" : "to the byte"}.{breakdown.notes.map((note) => ` ${withTitles(sentence(note))}`)}
      </p>
    </>
  );
}

const MOST_OF = 8;

function PartRow({ part }: { part: Part }) {
  const { title, hint, tone } = titleOf(part);
  const of = [...(part.of ?? [])].filter((each) => each.bytes > 0).sort((a, b) => b.bytes - a.bytes);
  const line = (
    <>
      <i class={`part ${tone}`} aria-hidden="true" />
      <span class="part-name" title={hint}>
        {title} <span class="faint">{hint}</span>
      </span>
      <b title={`${exact(part.bytes)} bytes`}>{bytes(part.bytes)}</b>
      <span class="part-share">{percent(part.share)}</span>
    </>
  );
  if (of.length === 0) return <li class="part-row">{line}</li>;
  return (
    <li>
      <details>
        <summary class="part-row">{line}</summary>
        <ul class="part-of">
          {of.slice(0, MOST_OF).map((each, index) => (
            <li key={index} title={each.module ?? each.path ?? ""}>
              <span>{baseName(each.module ?? each.path ?? "") || "(unknown)"}</span> <b>{bytes(each.bytes)}</b>
            </li>
          ))}
          {of.length > MOST_OF && (
            <li class="faint">
              and {counted(of.length - MOST_OF, "smaller one", "smaller ones")}
            </li>
          )}
        </ul>
      </details>
    </li>
  );
}

// The daemon's sentences name parts as its answers do.
function withTitles(text: string): string {
  return text.replace(/\b(allocator_free|untracked)\b/g, (name) => `“${PARTS[name]!.title}”`);
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return begun.endsWith(".") ? begun : `${begun}.`;
}
