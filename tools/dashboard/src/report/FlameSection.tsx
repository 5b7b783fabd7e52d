// The flame graph with what steers it: search, direction, the way back, the legend.
import type { RefObject } from "preact";
import { useMemo } from "preact/hooks";
import type { Cost, Scope } from "../data/document";
import { baseName } from "../data/frames";
import { css, frameColor } from "../flame/colors";
import { FlameGraph } from "../flame/FlameGraph";
import { search } from "../flame/search";
import { shareOf } from "../flame/tree";
import type { View } from "../state/hash";
import { count, percent } from "../text/format";
import { Breadcrumbs, foldingNote, GraphTools, Matched } from "./graph_parts";
import { costLabel, costMeaning, formatCost, type ReportModel } from "./model";

interface FlameSectionProps {
  model: ReportModel;
  scope: Scope;
  scopeNumber: number;
  view: View;
  theme: "light" | "dark";
  change(fields: Partial<View>, history?: "push" | "replace"): void;
  searchBox: RefObject<HTMLInputElement | null>;
}

export function FlameSection({ model, scope, scopeNumber, view, theme, change, searchBox }: FlameSectionProps) {
  const tree = model.tree(scopeNumber);
  const { cost } = view;
  const values = tree.total[cost];
  const zoomed = view.zoom < tree.size ? view.zoom : 0;
  const whole = values[0]!;
  const found = useMemo(
    () =>
      search(tree, values, zoomed, view.search, (id) => {
        const frame = model.frame(id);
        return [frame.function, frame.file, frame.module];
      }),
    [tree, values, zoomed, view.search],
  );
  const figures = (node: number) => {
    const own = tree.own[cost][node]!;
    const parts = [`${formatCost(cost, values[node]!)}, ${percent(shareOf(tree, cost, node))}`];
    if (zoomed > 0) parts.push(`${percent(shareOf(tree, cost, node, zoomed))} of what is zoomed`);
    if (own > 0 && own < values[node]! && node > 0) parts.push(`${formatCost(cost, own)} by itself`);
    return parts.join(", ");
  };
  const nothing = whole === 0;
  return (
    <section aria-labelledby="flame-title" id="flame">
      <div class="section-head">
        <h2 id="flame-title">
          {costLabel(cost, scope)} <span class="faint">{nothing ? "" : formatCost(cost, whole)}</span>
        </h2>
        <GraphTools view={view} change={change} searchBox={searchBox} />
      </div>
      {nothing ? (
        <Nothing scope={scope} cost={cost} filtered={model.report.filter !== "" || model.report.exclude !== ""} />
      ) : (
        <>
          <Breadcrumbs model={model} tree={tree} zoomed={zoomed} onZoom={(zoom) => change({ zoom })} />
          <Matched query={view.search} found={found} whole={values[zoomed]!} zoomed={zoomed} format={(value) => formatCost(cost, value)} />
          <FlameGraph
            tree={tree}
            values={values}
            zoomed={zoomed}
            onZoom={(zoom) => change({ zoom })}
            flipped={view.flame === "flame"}
            theme={theme}
            label={`Flame graph: ${costMeaning(cost, scope)}, ${formatCost(cost, whole)} in ${count(tree.size - 1)} frames`}
            color={(node) => {
              const frame = model.frame(Math.max(0, tree.frame[node]!));
              return frameColor(frame.function, tree.frame[node]! < 0 ? undefined : model.hue(frame.module), theme);
            }}
            name={(node) => model.nodeName(tree, node)}
            shortName={(node) => model.nodeShortName(tree, node)}
            place={(node) => model.nodePlace(tree, node)}
            figures={figures}
            found={view.search === "" || found.error !== "" ? undefined : found}
          />
          <Legend model={model} theme={theme} onPick={(module) => change({ search: view.search === module ? "" : module })} picked={view.search} />
          <p class="note faint">
            {foldingNote(scope.flame, model.report)}
            {scope.processes.length > 1 && cost === "peak" && ` Each process counts with its own peak, at its own time.`}
          </p>
        </>
      )}
    </section>
  );
}

function Legend({ model, theme, picked, onPick }: { model: ReportModel; theme: "light" | "dark"; picked: string; onPick(module: string): void }) {
  const legend = model.legend();
  if (legend.length === 0) return null;
  return (
    <ul class="legend" aria-label="Colours by module">
      {legend.map(({ module, hue }) => (
        <li key={module}>
          <button type="button" class="link" aria-pressed={picked === module} title={`Highlight ${module}`} onClick={() => onPick(module)}>
            <i style={{ background: css(frameColor("", hue, theme)) }} />
            {baseName(module)}
          </button>
        </li>
      ))}
      <li>
        <i style={{ background: css(frameColor("", undefined, theme)) }} /> others
      </li>
    </ul>
  );
}

function Nothing({ scope, cost, filtered }: { scope: Scope; cost: Cost; filtered: boolean }) {
  if (scope.idle) return <p class="empty">No stacks were recorded. Record them: <code>memwatch run --mode exact -- CMD</code></p>;
  if (filtered) return <p class="empty">No stack that the filters leave has this cost. Leave out <code>--filter</code> or <code>--exclude</code>.</p>;
  const { totals } = scope;
  if (totals.allocations + totals.reallocations === 0) {
    return <p class="empty">No allocation was recorded. <code>memwatch doctor -- CMD</code> says whether CMD can be traced.</p>;
  }
  if (cost === "leaked") {
    const why = totals.notFreedBlocks > 0 ? "Nothing leaked: what was not freed is still reachable or suppressed" : "Every block was freed: there is nothing to see here";
    return <p class="empty good">✓ {why}. Choose another cost above.</p>;
  }
  return <p class="empty">Nothing of this kind. Choose another cost above.</p>;
}
