// The flame graph of a report: the cost that was chosen, of one process or all.
import type { RefObject } from "preact";
import type { Cost, Scope } from "../data/document";
import { shareOf } from "../flame/tree";
import { CostGraph, ModuleLegend, moduleColor } from "../parts/CostGraph";
import type { View } from "../state/hash";
import { count, percent } from "../text/format";
import { asFarAsSeen, noLeakFound } from "../text/leak_words";
import { foldingNote } from "../parts/graph_parts";
import { costLabel, costMeaning, formatCost, isAllSeen, type ReportModel } from "./model";

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
  const whole = values[0]!;
  const figures = (node: number, zoomed: number) => {
    const own = tree.own[cost][node]!;
    const parts = [`${formatCost(cost, values[node]!)}, ${percent(shareOf(tree, cost, node))}`];
    if (zoomed > 0) parts.push(`${percent(shareOf(tree, cost, node, zoomed))} of what is zoomed`);
    if (own > 0 && own < values[node]! && node > 0) parts.push(`${formatCost(cost, own)} by itself`);
    return parts.join(", ");
  };
  return (
    <CostGraph
      title={
        <>
          {costLabel(cost, scope)}
          {cost === "leaked" && asFarAsSeen(isAllSeen(scope))} <span class="faint">{whole === 0 ? "" : formatCost(cost, whole)}</span>
        </>
      }
      names={model}
      tree={tree}
      values={values}
      view={view}
      change={change}
      searchBox={searchBox}
      theme={theme}
      label={`Flame graph: ${costMeaning(cost, scope)}, ${formatCost(cost, whole)} in ${count(tree.size - 1)} frames`}
      color={(node) => moduleColor(model, tree, node, (module) => model.hue(module), theme)}
      figures={figures}
      format={(value) => formatCost(cost, value)}
      empty={<Nothing scope={scope} cost={cost} filtered={model.report.filter !== "" || model.report.exclude !== ""} />}
    >
      <ModuleLegend legend={model.legend()} theme={theme} picked={view.search} onPick={(module) => change({ search: module })} />
      <p class="note faint">
        {foldingNote(scope.flame, model.report)}
        {scope.processes.length > 1 && cost === "peak" && ` Each process counts with its own peak, at its own time.`}
      </p>
    </CostGraph>
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
    if (totals.notFreedBlocks === 0 && scope.sampled) return <p class="empty">No block that was sampled is left. A sample does not know every block. Choose another cost above.</p>;
    if (totals.notFreedBlocks === 0) return <p class="empty good">✓ Every block was freed: there is nothing to see here. Choose another cost above.</p>;
    return <p class="empty good">{noLeakFound(isAllSeen(scope))}: what was not freed is still reachable or suppressed. Choose another cost above.</p>;
  }
  return <p class="empty">Nothing of this kind. Choose another cost above.</p>;
}
