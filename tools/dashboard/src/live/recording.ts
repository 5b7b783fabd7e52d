// What is said of a recorded process, where one that runs has its "now". Pure.
import { baseName } from "../data/frames";
import { duration } from "../text/format";
import { asFarAsSeen } from "../text/leak_words";
import { howItEnded } from "./news";
import type { Process, Recording } from "./types";

export interface Recorded extends Process {
  recording: Recording;
}

export const isRecording = (process: Process | undefined): process is Recorded => process?.recording !== undefined;

export const fileOf = (process: Recorded): string => baseName(process.recording.file);

// The pid that it had; its number here is the server's own.
export const pidOf = (process: Process): number => process.recording?.pid ?? process.pid;

export function endOf(process: Recorded): string {
  if (process.exit?.kind !== "running") return howItEnded(process);
  return process.recording.complete ? "ran on" : "cut short";
}

export function endHint(process: Recorded): string {
  const after = `after ${duration(process.watched_for)}`;
  if (process.exit?.kind !== "running") return `${howItEnded(process)}, ${after}`;
  return process.recording.complete ? `It ran on when the recording ended, ${after}` : `The recording was cut short ${after}; what it has until then is shown`;
}

// Not freed, where that is all that is known.
export const isByLifetime = ({ recording }: Recorded): boolean => recording.leak_method === "lifetime";

export function leakHint(process: Recorded): string {
  if (isByLifetime(process)) return "Not freed when the recording ended; whether something still led to it is not known";
  return `Nothing led to it any more when the process ended${asFarAsSeen(process.recording.leaks_all_seen)} (definite, indirect and possible leaks)`;
}

export function leaked(process: Recorded): number | null {
  return process.mode === "idle" ? null : process.recording.leaked_bytes;
}
