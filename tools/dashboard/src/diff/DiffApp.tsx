// Two sessions compared: what grew is orange, what shrank is blue.
import { useMemo, useRef, useState } from "preact/hooks";
import { css, deltaColor } from "../flame/colors";
import { CostGraph } from "../parts/CostGraph";
import { foldingNote } from "../parts/graph_parts";
import { Help } from "../report/Help";
import { PageButtons } from "../parts/PageButtons";
import { Stack } from "../parts/Stack";
import { usePage } from "../parts/use_page";
import { Segments } from "../parts/Segments";
import { resolveTheme } from "../state/theme";
import type { ViewState } from "../state/view";
import { baseName, placeOf, tellingFrame } from "../data/frames";
import { formatSort, parseSort } from "../table/rows";
import { Table, type Column } from "../table/Table";
import { count, exact, percent } from "../text/format";
import { shortName } from "../text/names";
import type { DiffModel } from "./model";

const WIDTHS = { change: "What changed", before: "Before", after: "After" } as const;

export function DiffApp({ model, state }: { model: DiffModel; state: ViewState }) {
  const view = state.view.value;
  const { change } = state;
  const theme = resolveTheme(view.theme);
  const [help, setHelp] = useState(false);
  const searchBox = useRef<HTMLInputElement>(null);
  const { diff, tree } = model;
  usePage(state, searchBox, () => setHelp(true), (node) => tree.parent[node] ?? 0);
  const delta = diff.after.total - diff.before.total;
  return (
    <>
      <header>
        <div class="title">
          <h1>
            <code>
              {diff.before.session} → {diff.after.session}
            </code>
          </h1>
          <PageButtons theme={view.theme} onTheme={(next) => change({ theme: next })} onHelp={() => setHelp(true)} />
        </div>
        <p class="meta">
          <span class="faint">memwatch {diff.version}</span>
        </p>
      </header>
      <main>
        <dl class="facts">
          <Total label={`${diff.metric} before`} value={model.format(diff.before.total)} title={exact(diff.before.total)} />
          <Total label={`${diff.metric} after`} value={model.format(diff.after.total)} title={exact(diff.after.total)} />
          <Total
            label="difference"
            value={model.signed(delta)}
            title={exact(delta)}
            detail={relative(delta, diff.before.total)}
          />
          <Total label="grew" value={model.signed(tree.total.grown[0]!)} title={exact(tree.total.grown[0]!)} detail="sum of the stacks that did" />
          <Total label="shrank" value={model.signed(-tree.total.shrunk[0]!)} title={exact(tree.total.shrunk[0]!)} detail="sum of the stacks that did" />
        </dl>
        {diff.remarks.length > 0 && (
          <ul class="remarks" aria-label="Remarks">
            {diff.remarks.map((remark) => (
              <li key={remark}>{remark}</li>
            ))}
          </ul>
        )}
        <div class="toolbar">
          <Segments name="width" label="What width stands for" values={Object.keys(WIDTHS) as (keyof typeof WIDTHS)[]} chosen={view.width} onChoose={(width) => change({ width })} text={(width) => WIDTHS[width]} />
        </div>
        <Graph model={model} state={state} theme={theme} searchBox={searchBox} />
        <Rows model={model} state={state} />
      </main>
      {help && <Help difference onClose={() => setHelp(false)} />}
    </>
  );
}

// "+12.3 %", "−4.0 %"; from tenfold on "×15". "" where there was nothing before.
function relative(delta: number, before: number): string {
  if (before <= 0) return "";
  const share = Math.abs(delta) / before;
  if (delta > 0 && share >= 9) return `×${exact(Math.round(1 + share))}`;
  return `${delta < 0 ? "−" : "+"}${share < 1 ? percent(share) : `${(100 * share).toFixed(0)} %`}`;
}

function Total({ label, value, title, detail }: { label: string; value: string; title: string; detail?: string }) {
  return (
    <div class="fact">
      <dt>{label}</dt>
      <dd>
        <strong title={title}>{value}</strong>
        <ul>{detail ? <li>{detail}</li> : null}</ul>
      </dd>
    </div>
  );
}

interface GraphProps {
  model: DiffModel;
  state: ViewState;
  theme: "light" | "dark";
  searchBox: { current: HTMLInputElement | null };
}

function Graph({ model, state, theme, searchBox }: GraphProps) {
  const view = state.view.value;
  const { tree, diff } = model;
  const values = model.widths[view.width];
  return (
    <CostGraph
      title={
        <>
          {WIDTHS[view.width]} <span class="faint">{model.format(values[0]!)}</span>
        </>
      }
      names={model}
      tree={tree}
      values={values}
      view={view}
      change={state.change}
      searchBox={searchBox}
      theme={theme}
      label={`Differential flame graph: ${diff.metric}, ${model.figures(0)}`}
      color={(node) => deltaColor(model.direction(node), theme)}
      figures={(node) => model.figures(node)}
      format={(value) => model.format(value)}
      empty={<p class="empty">{view.width === "change" ? "No stack grew or shrank." : "Nothing of this side. Choose another width above."}</p>}
    >
      <ul class="legend" aria-label="Colours">
        {([1, 0, -1] as const).map((direction) => (
          <li key={direction}>
            <i style={{ background: css(deltaColor(direction, theme)) }} /> {direction > 0 ? "▲ grew" : direction < 0 ? "▼ shrank" : "both, or neither"}
          </li>
        ))}
      </ul>
      <p class="note faint">{foldingNote(diff.flame, diff)} Width is the amount of the stacks that are compared.</p>
    </CostGraph>
  );
}

function Rows({ model, state }: { model: DiffModel; state: ViewState }) {
  const view = state.view.value;
  const { columns: c, rest, count: all } = model.diff.rows;
  const columns = useMemo((): Column[] => {
    const headlines = c.stack.map((stack) => {
      const frames = model.stack(stack);
      return frames[tellingFrame(frames)] ?? model.frame(0);
    });
    const figure = (id: string, title: string, value: (row: number) => number, show: (value: number) => string, from = 0): Column => ({
      id,
      title,
      width: "minmax(84px, 120px)",
      from,
      value,
      show: (row) => <span title={exact(value(row))}>{show(value(row))}</span>,
    });
    const delta = (row: number) => c.after[row]! - c.before[row]!;
    return [
      {
        id: "function",
        title: "Allocated in",
        isText: true,
        width: "minmax(140px, 1fr)",
        value: (row) => headlines[row]!.function,
        show: (row) => (
          <span title={headlines[row]!.function}>
            {shortName(headlines[row]!.function)} <span class="faint">{placeOf(headlines[row]!) || baseName(headlines[row]!.module)}</span>
          </span>
        ),
      },
      {
        ...figure("change", "Change", (row) => Math.abs(delta(row)), String),
        hint: "Sorted by size, whichever direction",
        show: (row) => (
          <span title={exact(delta(row))}>
            {delta(row) > 0 ? "▲ " : delta(row) < 0 ? "▼ " : ""}
            {model.signed(delta(row))}
          </span>
        ),
      },
      figure("before", "Before", (row) => c.before[row]!, (value) => model.format(value), 420),
      figure("after", "After", (row) => c.after[row]!, (value) => model.format(value), 420),
    ];
  }, [model]);
  const isText = (id: string) => id === "function";
  const wanted = parseSort(view.sorts.sites ?? "change", isText);
  const sort = columns.some((column) => column.id === wanted.column) ? wanted : parseSort("change", isText);
  const open = view.row < c.stack.length ? view.row : -1;
  return (
    <section aria-label="Stacks" id="tables">
      <h2>
        Stacks <span class="faint">{count(all)}</span>
      </h2>
      <div class={open >= 0 ? "panel with-detail" : "panel"}>
        {c.stack.length === 0 ? (
          <p class="empty">No stack to compare.</p>
        ) : (
          <Table
            label="Stacks that changed"
            count={c.stack.length}
            columns={columns}
            sort={sort}
            onSort={(next) => state.change({ sorts: { ...view.sorts, sites: formatSort(next, isText) } })}
            open={open}
            onOpen={(row) => state.change({ row: row === open ? -1 : row })}
            rest={rest.count > 0 ? `and ${count(rest.count)} more stacks: ${model.format(rest.before)} → ${model.format(rest.after)}` : undefined}
          />
        )}
        {open >= 0 && (
          <aside class="detail" aria-label="The open row">
            <button type="button" class="icon close" aria-label="Close" onClick={() => state.change({ row: -1 })}>
              ×
            </button>
            <Stack frames={model.stack(c.stack[open]!)} />
          </aside>
        )}
      </div>
    </section>
  );
}
