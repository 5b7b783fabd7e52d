// Who uses the heap, by the place in the code or by library.
import { useMemo } from "preact/hooks";
import { baseName, headlineOf } from "../data/frames";
import { FrameText } from "../parts/FrameText";
import { Stack } from "../parts/Stack";
import { Segments } from "../parts/Segments";
import { formatSort, parseSort } from "../table/rows";
import { Table, type Column } from "../table/Table";
import { bytes, count, exact, percent } from "../text/format";
import type { LiveView } from "./address";
import { framesOf } from "./stack_frames";
import type { Consumer, Consumers } from "./types";
import { RECORDED_EVERY_MS, useAnswer } from "./use_answer";

const EVERY_MS = 5000;
const isText = (id: string) => id === "who";
const HOW = { site: "Place in the code", module: "Library" } as const;

interface ConsumersSectionProps {
  pid: number;
  isRecording: boolean;
  view: LiveView;
  change(fields: Partial<LiveView>, history?: "push" | "replace"): void;
  epoch: number;
}

export function ConsumersSection({ pid, isRecording, view, change, epoch }: ConsumersSectionProps) {
  const { by } = view;
  const asked = useAnswer<Consumers>(`api/v1/consumers?pid=${pid}&by=${by}&top=200`, isRecording ? RECORDED_EVERY_MS : EVERY_MS, epoch);
  const content = useMemo(() => asked.value && contentOf(asked.value, isRecording), [asked.value, isRecording]);
  const wanted = parseSort(view.consumerSort, isText);
  const sort = content?.columns.some((column) => column.id === wanted.column) ? wanted : parseSort("live", isText);
  const open = content && view.row < content.rows.length ? view.row : -1;
  return (
    <section aria-labelledby="consumers-title" class="card" id="consumers">
      <div class="section-head">
        <h2 id="consumers-title">
          {isRecording ? "Who used the heap" : "Who uses the heap"} <span class="faint">{content ? `${bytes(content.live)}${isRecording ? " at the end" : ""}` : ""}</span>
        </h2>
        <Segments name="by" label="By what" values={Object.keys(HOW) as (keyof typeof HOW)[]} chosen={by} onChoose={(each) => change({ by: each, row: -1 })} text={(each) => HOW[each]} />
      </div>
      {content === undefined ? (
        <p class="empty" role="status">
          {asked.problem === undefined ? "Looking up names of functions…" : asked.problem.kind === "gone" ? `${isRecording ? "memwatch serve" : "The daemon"} does not answer.` : `Nothing to show: ${asked.problem.why}.`}
        </p>
      ) : content.rows.length === 0 ? (
        <p class="empty">{isRecording ? "It allocated nothing." : "It has allocated nothing since it is recorded."}</p>
      ) : (
        <div class={open >= 0 ? "panel with-detail" : "panel"}>
          <Table
            label={`Heap by ${by === "site" ? "place in the code" : "library"}`}
            count={content.rows.length}
            columns={content.columns}
            sort={sort}
            onSort={(next) => change({ consumerSort: formatSort(next, isText) })}
            open={open}
            {...(by === "site" ? { onOpen: (row: number) => change({ row: row === open ? -1 : row }) } : {})}
          />
          {open >= 0 && (
            <aside class="detail" aria-label="The open row">
              <button type="button" class="icon close" aria-label="Close" onClick={() => change({ row: -1 })}>
                ×
              </button>
              <Stack frames={content.stacks[open] ?? []} />
            </aside>
          )}
        </div>
      )}
    </section>
  );
}

function contentOf({ by, consumers, totals }: Consumers, isRecording: boolean) {
  const stacks = consumers.map((each) => framesOf(each.stack ?? []));
  const headlines = stacks.map((frames) => headlineOf(frames));
  const figure = (id: string, title: string, hint: string, value: (each: Consumer) => number, show: (value: number) => string, whole = 0, from = 0): Column => ({
    id,
    title,
    hint,
    width: "minmax(78px, 112px)",
    from,
    value: (row) => value(consumers[row]!),
    show: (row) => <span title={exact(value(consumers[row]!))}>{show(value(consumers[row]!))}</span>,
    ...(whole > 0 ? { bar: (row: number) => value(consumers[row]!) / whole } : {}),
  });
  const name = (row: number) => (by === "module" ? (consumers[row]!.module ?? "(unknown)") : (headlines[row]?.frame?.function ?? "(no stack)"));
  const columns: Column[] = [
    {
      id: "who",
      title: by === "site" ? "Allocated in" : "Library",
      isText: true,
      width: "minmax(130px, 1fr)",
      value: name,
      show: (row) => {
        const { frame, callers } = headlines[row]!;
        if (by === "site" && frame !== undefined) return <FrameText frame={frame} callers={callers} />;
        return (
          <span title={name(row)}>
            {baseName(name(row))} <span class="faint">{by === "module" && name(row).includes("/") ? name(row) : ""}</span>
          </span>
        );
      },
    },
    figure("live", isRecording ? "At the end" : "Live", isRecording ? "Bytes that were not freed when the recording ended" : "Bytes that are allocated and not freed", (each) => each.live_bytes, bytes, totals.live_bytes),
    figure("share", "Share", isRecording ? "Of all that was live at the end" : "Of all that is live", (each) => (totals.live_bytes > 0 ? each.live_bytes / totals.live_bytes : 0), percent, 0, 640),
    figure("active", "Blocks", isRecording ? "That were live at the end" : "That are live", (each) => each.active, count, 0, 480),
    figure("average", "Average", "Bytes a block", (each) => each.average_size, (value) => bytes(Math.round(value)), 0, 860),
    figure("peak", "At peak", "Of the bytes that were live when the heap was largest", (each) => each.peak, bytes, 0, 560),
    figure("allocated", "Allocated", "Bytes since it is recorded", (each) => each.allocated, bytes, 0, 740),
    figure("calls", "Calls", "Allocations and reallocations", (each) => each.calls, count, 0, 980),
  ];
  return { rows: consumers, stacks, columns, live: totals.live_bytes };
}
