// Light or dark: what the reader chose, else what the system prefers, followed as it changes.
import { signal } from "@preact/signals";
import type { Theme } from "./hash";

const system = window.matchMedia("(prefers-color-scheme: dark)");
const prefersDark = signal(system.matches);
system.addEventListener("change", () => {
  prefersDark.value = system.matches;
});

export function resolveTheme(theme: Theme): "light" | "dark" {
  if (theme !== "auto") return theme;
  return prefersDark.value ? "dark" : "light";
}

