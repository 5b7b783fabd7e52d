// The page's state, in step with the address bar: one signal that components read, and one way to
// change it that leaves everything else as it was.
import { signal, type ReadonlySignal } from "@preact/signals";
import type { View } from "./hash";

export interface ViewState<V = View> {
  view: ReadonlySignal<V>;
  // A change that a reader may want to go back from makes an entry in the history; typing does not.
  change(fields: Partial<V>, history?: "push" | "replace"): void;
}

// How a view is written in an address; what makes no sense there is as in `initial`.
export interface AddressCodec<V> {
  encode(view: V, initial: V): string;
  decode(hash: string, initial: V): V;
}

export function viewState<V>(initial: V, { encode, decode }: AddressCodec<V>): ViewState<V> {
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
