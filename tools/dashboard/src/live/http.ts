// Questions to the daemon and what can become of them. Nothing is thrown.

export type Answer<T> =
  | { kind: "value"; value: T }
  | { kind: "missing"; why: string } // 404: this daemon does not know the path, or not the process
  | { kind: "refused"; why: string } // any other status
  | { kind: "gone" }; // no answer: no daemon

const PATIENCE_MS = 30_000;

// `extraMs`: how much longer than usual the answer may take.
export async function ask<T>(path: string, method: "GET" | "POST" = "GET", signal?: AbortSignal, extraMs = 0): Promise<Answer<T>> {
  const patience = AbortSignal.timeout(PATIENCE_MS + extraMs);
  try {
    const response = await fetch(path, { method, signal: signal ? AbortSignal.any([signal, patience]) : patience });
    if (response.ok) return { kind: "value", value: (await response.json()) as T };
    return { kind: response.status === 404 ? "missing" : "refused", why: await detail(response) };
  } catch {
    return { kind: "gone" };
  }
}

// RFC 9457's.
async function detail(response: Response): Promise<string> {
  try {
    return ((await response.json()) as { detail: string }).detail;
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}
