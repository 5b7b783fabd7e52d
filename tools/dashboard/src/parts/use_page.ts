// What every page does beside drawing: its colours, and the keys that work anywhere on it.
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import type { Theme } from "../state/hash";
import type { ViewState } from "../state/view";

// What the keys change.
export interface PageView {
  theme: Theme;
  search: string;
  zoom: number;
  row: number;
}

// `callerOf` tells where Escape leads from a zoomed node.
export function usePage(state: ViewState<PageView>, searchBox: RefObject<HTMLInputElement | null>, onHelp: () => void, callerOf: (node: number) => number): void {
  const { theme } = state.view.value;
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const typing = event.target instanceof HTMLInputElement && event.target.type === "search";
      const choosing = event.target instanceof HTMLSelectElement;
      if (event.key === "Escape") {
        const now = state.view.value;
        if (now.search !== "") state.change({ search: "" });
        else if (now.zoom > 0) state.change({ zoom: callerOf(now.zoom) });
        else if (now.row >= 0) state.change({ row: -1 });
        if (typing) searchBox.current?.blur();
      } else if (typing || choosing) {
        return;
      } else if (event.key === "/") {
        searchBox.current?.focus();
        searchBox.current?.select();
      } else if (event.key === "?") {
        onHelp();
      } else {
        return;
      }
      event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [state]);
}
