// The whole page: what it is about, key figures, timeline, flame graph, tables.
import { useMemo, useRef, useState } from "preact/hooks";
import { COSTS, type Scope } from "../data/document";
import { samePlace } from "../flame/tree";
import { resolveTheme } from "../state/theme";
import type { ViewState } from "../state/view";
import { bytes } from "../text/format";
import { sumSeries } from "../timeline/series";
import { TimelineChart, type Mark } from "../timeline/TimelineChart";
import { Facts } from "./Facts";
import { FlameSection } from "./FlameSection";
import { Header } from "./Header";
import { Help } from "./Help";
import { costLabel, costMeaning, processLabel, since, type ReportModel } from "./model";
import { Tables } from "./Tables";
import { usePage } from "../parts/use_page";
import { Segments } from "../parts/Segments";

export function App({ model, state }: { model: ReportModel; state: ViewState }) {
  const view = state.view.value;
  const { change } = state;
  const theme = resolveTheme(view.theme);
  const scopeNumber = model.scopeNumber(view.scope);
  const scope = model.scope(scopeNumber);
  const [help, setHelp] = useState(false);
  const searchBox = useRef<HTMLInputElement>(null);

  usePage(state, searchBox, () => setHelp(true), (node) => model.tree(model.scopeNumber(state.view.value.scope)).parent[node] ?? 0);

  const chooseScope = (number: number) =>
    change({ scope: number, zoom: samePlace(model.tree(scopeNumber), view.zoom, model.tree(number)), row: -1 });

  return (
    <>
      <Header model={model} scope={scope} theme={view.theme} onTheme={(next) => change({ theme: next })} onHelp={() => setHelp(true)} />
      <main>
        <div class="overview">
          <Facts model={model} scope={scope} />
          <TimelineSection model={model} scope={scope} theme={theme} />
        </div>
        {scope.remarks.length > 0 && (
          <ul class="remarks" aria-label="Remarks">
            {scope.remarks.map((remark) => (
              <li key={remark}>{remark}</li>
            ))}
          </ul>
        )}
        <div class="toolbar">
          {model.report.scopes.length > 1 && <ScopeChoice model={model} chosen={scopeNumber} onChoose={chooseScope} />}
          <Segments name="cost" label="Cost that the graph shows" values={COSTS} chosen={view.cost} onChoose={(cost) => change({ cost })} text={(cost) => costLabel(cost, scope)} hint={(cost) => costMeaning(cost, scope)} />
        </div>
        <FlameSection
          model={model}
          scope={scope}
          scopeNumber={scopeNumber}
          view={view}
          theme={theme}
          change={change}
          searchBox={searchBox}
        />
        <Tables model={model} scope={scope} view={view} change={change} />
      </main>
      {help && <Help onClose={() => setHelp(false)} />}
    </>
  );
}

function ScopeChoice({ model, chosen, onChoose }: { model: ReportModel; chosen: number; onChoose(scope: number): void }) {
  const { scopes, processes } = model.report;
  const without = processes.length - (scopes.length - 1);
  return (
    <label class="scope">
      <span>Process</span>
      <select id="scope" value={chosen} onChange={(event) => onChoose(Number(event.currentTarget.value))}>
        {scopes.map((scope, number) => (
          <option key={number} value={number}>
            {number === 0 ? `all ${processes.length}` : `${processLabel(model.process(scope.processes[0]!))}, ${bytes(scope.totals.peakSum)}`}
          </option>
        ))}
      </select>
      {without > 0 && (
        <span class="faint" title={`They allocated nothing, or less than the hundred largest; memwatch report ${model.report.session} --pid N --format html shows one`}>
          {without} more only in the tables
        </span>
      )}
    </label>
  );
}

function TimelineSection({ model, scope, theme }: { model: ReportModel; scope: Scope; theme: "light" | "dark" }) {
  const processes = useMemo(() => scope.processes.map((number) => model.process(number)), [model, scope]);
  const series = useMemo(() => sumSeries(processes), [processes]);
  const start = Math.min(...processes.map((process) => process.start));
  const only = processes.length === 1 ? processes[0] : undefined;
  const peak = useMemo((): Mark | undefined => {
    if (only !== undefined) {
      if (only.peak === 0) return undefined;
      return { at: only.peakAt, value: only.peak, text: `peak ${bytes(only.peak)} after ${since(only, only.peakAt)}` };
    }
    const value = Math.max(...series.heap, 0);
    if (value === 0) return undefined;
    return { at: series.at[series.heap.indexOf(value)]!, value, text: `most at one time: ${bytes(value)}` };
  }, [only, series]);
  return (
    <section class="timeline-section" aria-label="Timeline">
      {series.at.length < 2 ? (
        <p class="empty">The run was too short for a timeline. More samples: <code>memwatch run --rss-interval 10 -- CMD</code></p>
      ) : (
        <TimelineChart series={series} start={start} peak={peak} stepped={only === undefined} height={170} theme={theme} />
      )}
    </section>
  );
}
