// What the daemon answers to a path, asked anew every so often while it is shown and the page is seen.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, type Answer } from "./http";

// Of a recording, which changes when its file does: that is another epoch.
export const RECORDED_EVERY_MS = 3_600_000;

export interface Asked<T> {
  value: T | undefined; // the last one, also while the daemon is gone
  problem: Exclude<Answer<T>, { kind: "value" }> | undefined; // of the last question
  isAsking: boolean;
  again(): void;
}

// No path: nothing to ask. A path that the daemon does not have is not asked for again until the path
// or `epoch` changes (another daemon may know it).
export function useAnswer<T>(path: string | undefined, everyMs: number, epoch: number): Asked<T> {
  const [state, setState] = useState<{ path?: string; value?: T; problem?: Asked<T>["problem"] }>({});
  const [isAsking, setAsking] = useState(false);
  const latest = useRef<() => void>(() => {});

  useEffect(() => {
    if (path === undefined) return;
    const stopping = new AbortController();
    let timer: number | undefined;
    let isMissing = false;
    const once = async () => {
      clearTimeout(timer);
      if (!document.hidden) {
        setAsking(true);
        const answer = await ask<T>(path, "GET", stopping.signal);
        if (stopping.signal.aborted) return;
        setAsking(false);
        isMissing = answer.kind === "missing";
        if (answer.kind === "value") setState({ path, value: answer.value });
        else setState((before) => ({ ...(before.path === path ? before : {}), path, problem: answer }));
      }
      if (!isMissing) timer = window.setTimeout(once, everyMs);
    };
    latest.current = () => void once();
    void once();
    return () => {
      stopping.abort();
      clearTimeout(timer);
      setAsking(false);
    };
  }, [path, everyMs, epoch]);

  const mine = state.path === path;
  return { value: mine ? state.value : undefined, problem: mine ? state.problem : undefined, isAsking, again: useCallback(() => latest.current(), []) };
}
