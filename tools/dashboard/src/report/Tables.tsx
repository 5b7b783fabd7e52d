// The tables as tabs, and beside them what an open row is about: its figures and its whole stack.
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Scope } from "../data/document";
import { TABS, type Tab, type View } from "../state/hash";
import { formatSort, parseSort } from "../table/rows";
import { Table } from "../table/Table";
import { count } from "../text/format";
import { isClassified, type ReportModel } from "./model";
import { Stack } from "../parts/Stack";
import { TABLES, type TableContent } from "./table_contents";

interface TablesProps {
  model: ReportModel;
  scope: Scope;
  view: View;
  change(fields: Partial<View>, history?: "push" | "replace"): void;
}

export function Tables({ model, scope, view, change }: TablesProps) {
  const { tab } = view;
  const content = useMemo(() => TABLES[tab].make(model, scope, view.cost), [model, scope, tab, view.cost]);
  const isText = (id: string) => content.columns.find((column) => column.id === id)?.isText === true;
  const wanted = parseSort(view.sorts[tab] ?? content.natural, isText);
  const sort = content.columns.some((column) => column.id === wanted.column) ? wanted : parseSort(content.natural, isText);
  const open = view.row >= 0 && view.row < content.count && (content.stack ?? content.facts) ? view.row : -1;
  const title = (each: Tab) => (each === "leaks" && isClassified(scope) ? "Leaks" : TABLES[each].title);
  const counts = useMemo(() => rowCounts(model, scope), [model, scope]);
  // Where the tabs do not all fit, the chosen one is brought into sight.
  const tabs = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const chosen = document.getElementById(`tab-${tab}`);
    if (tabs.current && chosen) tabs.current.scrollLeft = chosen.offsetLeft - (tabs.current.clientWidth - chosen.offsetWidth) / 2;
  }, [tab]);
  const move = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    const next = TABS[(TABS.indexOf(tab) + by + TABS.length) % TABS.length]!;
    change({ tab: next, row: -1 });
    document.getElementById(`tab-${next}`)?.focus();
    event.preventDefault();
  };
  return (
    <section aria-label="Tables" id="tables">
      <div class="tabs" ref={tabs} role="tablist" aria-label="Tables" onKeyDown={move}>
        {TABS.map((each) => (
          <button
            key={each}
            id={`tab-${each}`}
            type="button"
            role="tab"
            aria-selected={each === tab}
            aria-controls="tab-panel"
            tabIndex={each === tab ? 0 : -1}
            onClick={() => change({ tab: each, row: -1 })}
          >
            {title(each)} <span class="faint">{count(counts[each])}</span>
          </button>
        ))}
      </div>
      <div class={open >= 0 ? "panel with-detail" : "panel"} role="tabpanel" id="tab-panel" aria-labelledby={`tab-${tab}`}>
        {content.count === 0 ? (
          <p class="empty">{content.empty}</p>
        ) : (
          <Table
            key={tab}
            label={title(tab)}
            count={content.count}
            columns={content.columns}
            sort={sort}
            onSort={(next) => change({ sorts: { ...view.sorts, [tab]: formatSort(next, isText) } })}
            open={open}
            {...(content.stack ?? content.facts ? { onOpen: (row: number) => change({ row: row === open ? -1 : row }) } : {})}
            rest={content.rest}
          />
        )}
        {open >= 0 && <Detail model={model} content={content} row={open} onClose={() => change({ row: -1 })} />}
      </div>
    </section>
  );
}

function rowCounts(model: ReportModel, scope: Scope): Record<Tab, number> {
  const { threads, failures, large } = model.report;
  const within = new Set(scope.processes);
  const rows = (list: { rows: { process: number }[] }) => list.rows.filter((row) => within.has(row.process)).length;
  return {
    sites: scope.sites.count,
    leaks: scope.leaks.count,
    functions: scope.functions.count,
    modules: scope.modules.length,
    processes: scope.processes.length,
    threads: rows(threads),
    failures: rows(failures),
    large: rows(large),
    sizes: scope.sizes.length,
  };
}

function Detail({ model, content, row, onClose }: { model: ReportModel; content: TableContent; row: number; onClose(): void }) {
  return (
    <aside class="detail" aria-label="The open row">
      <button type="button" class="icon close" aria-label="Close" onClick={onClose}>
        ×
      </button>
      {content.facts !== undefined && (
        <dl class="pairs">
          {content.facts(row).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {content.stack !== undefined && <Stack frames={model.stack(content.stack(row))} />}
    </aside>
  );
}
