// What stands around a flame graph on every page: search, the way back, what was found and folded.
import type { RefObject } from "preact";
import type { Found } from "../flame/search";
import { pathTo, type FlameTree } from "../flame/tree";
import type { View } from "../state/hash";
import { count, counted, percent } from "../text/format";
import type { NameModel } from "../data/name_model";

interface GraphToolsProps {
  view: Pick<View, "search" | "flame">;
  change(fields: Partial<Pick<View, "search" | "flame">>, history?: "push" | "replace"): void;
  searchBox: RefObject<HTMLInputElement | null>;
}

export function GraphTools({ view, change, searchBox }: GraphToolsProps) {
  return (
    <div class="tools">
      <label class="search">
        <span class="hidden">Search functions, files and modules</span>
        <input
          ref={searchBox}
          id="search"
          type="search"
          placeholder="Search  /"
          title="Function, file or module; /…/ is a regular expression"
          value={view.search}
          onInput={(event) => change({ search: event.currentTarget.value }, "replace")}
        />
      </label>
      <button type="button" id="flip" title="Icicle or flame: turn the picture upside down" onClick={() => change({ flame: view.flame === "flame" ? "icicle" : "flame" })}>
        <span aria-hidden="true">⇅ </span>
        {view.flame === "flame" ? "Root below" : "Root on top"}
      </button>
    </div>
  );
}

interface MatchedProps {
  query: string;
  found: Found;
  whole: number; // what shares are of: the zoomed frame's
  zoomed: number;
  format(value: number): string;
}

export function Matched({ query, found, whole, zoomed, format }: MatchedProps) {
  return (
    <p class="matched" role="status" id="matched">
      {query !== "" &&
        (found.error !== "" ? (
          <span class="bad">⚠ {found.error}</span>
        ) : found.count === 0 ? (
          `No frame matches “${query}”.`
        ) : (
          <>
            <b>{percent(found.value / whole)}</b> of {zoomed === 0 ? "everything" : "what is zoomed"} goes through{" "}
            {counted(found.count, "matching frame", "matching frames")} ({format(found.value)})
          </>
        ))}
    </p>
  );
}

export function foldingNote(flame: { folded: number; crowded: boolean }, limits: { leastShare: number; mostNodes: number }): string {
  if (flame.folded === 0) return "Every frame is drawn.";
  const rule = flame.crowded ? `the ${count(limits.mostNodes)} largest frames are drawn` : `frames under ${percent(limits.leastShare)} of every cost are folded`;
  return `To keep this page small, ${rule}: “(n small frames)” stands for ${counted(flame.folded, "frame", "frames")} with what they call. Sums are exact.`;
}

export function Breadcrumbs({ model, tree, zoomed, onZoom }: { model: NameModel; tree: FlameTree; zoomed: number; onZoom(node: number): void }) {
  if (zoomed === 0) return null;
  const path = [0, ...pathTo(tree, zoomed)];
  // A deep path keeps its beginning and its end.
  const shown = path.length <= 6 ? path : [path[0]!, -1, ...path.slice(-4)];
  return (
    <nav class="crumbs" aria-label="Zoomed to">
      <ol>
        {shown.map((node) =>
          node < 0 ? (
            <li key="gap">… {path.length - 5} more</li>
          ) : (
            <li key={node}>
              {node === zoomed ? (
                <span aria-current="true" title={model.nodeName(tree, node)}>
                  {model.nodeShortName(tree, node)}
                </span>
              ) : (
                <button type="button" class="link" title={model.nodeName(tree, node)} onClick={() => onZoom(node)}>
                  {node === 0 ? "all" : model.nodeShortName(tree, node)}
                </button>
              )}
            </li>
          ),
        )}
      </ol>
      <button type="button" onClick={() => onZoom(tree.parent[zoomed]!)}>
        Back <kbd>Esc</kbd>
      </button>
    </nav>
  );
}
