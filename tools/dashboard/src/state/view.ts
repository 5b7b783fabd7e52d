// The page's state, in step with the address bar: one signal that components read, and one way to
// change it that leaves everything else as it was.
import { signal, type ReadonlySignal } from "@preact/signals";
import { decode, encode, type View } from "./hash";

export interface ViewState {
  view: ReadonlySignal<View>;
  // A change that a reader may want to go back from makes an entry in the history; typing does not.
  change(fields: Partial<View>, history?: "push" | "replace"): void;
}

export function viewState(initial: View): ViewState {
  const view = signal(decode(location.hash, initial));
  window.addEventListener("hashchange", () => {
    view.value = decode(location.hash, initial);
  });
  return {
    view,
    change(fields, history = "push") {
      view.value = { ...view.value, ...fields };
      const hash = `#${encode(view.value, initial)}`;
      if (hash === (location.hash || "#")) return;
      if (history === "push") window.history.pushState(null, "", hash);
      else window.history.replaceState(null, "", hash);
    },
  };
}
