// A flame graph with what steers it, for every page: search, direction, the way back, what was found.
// Colours, legend and notes are the page's.
import type { ComponentChildren, RefObject } from "preact";
import { useMemo } from "preact/hooks";
import { baseName } from "../data/frames";
import type { NameModel } from "../data/name_model";
import { css, frameColor, type Color } from "../flame/colors";
import { FlameGraph } from "../flame/FlameGraph";
import { search } from "../flame/search";
import type { FlameTree } from "../flame/tree";
import type { View } from "../state/hash";
import { Breadcrumbs, GraphTools, Matched } from "./graph_parts";

type GraphView = Pick<View, "search" | "flame" | "zoom">;

export interface CostGraphProps {
  title: ComponentChildren;
  tools?: ComponentChildren; // besides search and direction
  names: NameModel;
  tree: FlameTree;
  values: Float64Array; // what widths stand for, by node
  view: GraphView;
  change(fields: Partial<GraphView>, history?: "push" | "replace"): void;
  searchBox: RefObject<HTMLInputElement | null>;
  theme: "light" | "dark";
  label: string; // of the whole picture, for who cannot see it
  color(node: number): Color;
  figures(node: number, zoomed: number): string;
  format(value: number): string;
  empty: ComponentChildren; // in place of a graph of nothing
  children: ComponentChildren; // below the graph: legend, notes
}

export function CostGraph({ names, tree, values, view, change, searchBox, theme, ...props }: CostGraphProps) {
  const zoomed = view.zoom < tree.size ? view.zoom : 0;
  const found = useMemo(
    () =>
      search(tree, values, zoomed, view.search, (id) => {
        const frame = names.frame(id);
        return [frame.function, frame.file, frame.module];
      }),
    [tree, values, zoomed, view.search],
  );
  return (
    <section aria-labelledby="flame-title" id="flame">
      <div class="section-head">
        <h2 id="flame-title">{props.title}</h2>
        {props.tools}
        <GraphTools view={view} change={change} searchBox={searchBox} />
      </div>
      {values[0] === 0 ? (
        props.empty
      ) : (
        <>
          <Breadcrumbs model={names} tree={tree} zoomed={zoomed} onZoom={(zoom) => change({ zoom })} />
          <Matched query={view.search} found={found} whole={values[zoomed]!} zoomed={zoomed} format={props.format} />
          <FlameGraph
            tree={tree}
            values={values}
            zoomed={zoomed}
            onZoom={(zoom) => change({ zoom })}
            flipped={view.flame === "flame"}
            theme={theme}
            label={props.label}
            color={props.color}
            name={(node) => names.nodeName(tree, node)}
            shortName={(node) => names.nodeShortName(tree, node)}
            place={(node) => names.nodePlace(tree, node)}
            figures={(node) => props.figures(node, zoomed)}
            found={view.search === "" || found.error !== "" ? undefined : found}
          />
          {props.children}
        </>
      )}
    </section>
  );
}

// Colours by module, as every page but that of a difference has them.
export function moduleColor(names: NameModel, tree: FlameTree, node: number, hue: (module: string) => number | undefined, theme: "light" | "dark"): Color {
  const frame = names.frame(Math.max(0, tree.frame[node]!));
  return frameColor(frame.function, tree.frame[node]! < 0 ? undefined : hue(frame.module), theme);
}

interface ModuleLegendProps {
  legend: { module: string; hue: number }[];
  theme: "light" | "dark";
  picked: string;
  onPick(module: string): void;
}

export function ModuleLegend({ legend, theme, picked, onPick }: ModuleLegendProps) {
  if (legend.length === 0) return null;
  return (
    <ul class="legend" aria-label="Colours by module">
      {legend.map(({ module, hue }) => (
        <li key={module}>
          <button type="button" class="link" aria-pressed={picked === module} title={`Highlight ${module}`} onClick={() => onPick(picked === module ? "" : module)}>
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
