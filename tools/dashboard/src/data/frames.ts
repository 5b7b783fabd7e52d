// Frames and stacks of a report as a person reads them.
import { shortName } from "../text/names";
import type { Tables } from "./document";

export interface Frame {
  function: string;
  file: string;
  line: number;
  module: string;
  inlined: boolean;
  named: boolean; // false: the function's name is not known, `function` says where in the module it is
  plumbing: boolean; // of allocators, containers, libraries: the C and C++ run time, program start
  recorded: boolean; // false: the stack could not be followed further
}

export function frameAt(report: Tables, id: number): Frame {
  const { frames, strings } = report;
  const text = (column: number[]) => strings[column[id] ?? 0] ?? "";
  const kind = frames.kind[id] ?? 4;
  return {
    function: text(frames.function),
    file: text(frames.file),
    line: frames.line[id] ?? 0,
    module: text(frames.module),
    inlined: (kind & 1) !== 0,
    named: (kind & 6) === 0,
    plumbing: (kind & 8) !== 0,
    recorded: (kind & 4) === 0,
  };
}

// Innermost first: the function that called the allocation function.
export function stackOf(report: Tables, stack: number): Frame[] {
  const result: Frame[] = [];
  for (let node = stack; node > 0; node = report.stacks.parent[node] ?? 0) {
    result.push(frameAt(report, report.stacks.frame[node] ?? 0));
  }
  return result;
}

// The last part of a path.
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

// "serve.cpp:88", "" where the file is not known.
export function placeOf(frame: Frame): string {
  if (frame.file === "") return "";
  return frame.line > 0 ? `${baseName(frame.file)}:${frame.line}` : baseName(frame.file);
}

// Where reading a stack starts (analysis/noise_frames.h has the same rule): the first frame that is no
// plumbing and has a name, preferably with a line; else the first that is no plumbing; else the first.
export function tellingFrame(stack: Frame[]): number {
  const own = (frame: Frame) => !frame.plumbing && frame.recorded;
  for (const wanted of [(frame: Frame) => frame.named && frame.file !== "", (frame: Frame) => frame.named, () => true]) {
    const found = stack.findIndex((frame) => own(frame) && wanted(frame));
    if (found >= 0) return found;
  }
  return 0;
}

// The frame that a stack is named after and the callers that follow it, as far as they have names.
// Undefined of no stack.
export function headlineOf(frames: Frame[], callers = 3): { frame: Frame | undefined; callers: string[] } {
  const telling = tellingFrame(frames);
  const further = frames.slice(telling + 1).filter((frame) => frame.named && !frame.plumbing);
  return { frame: frames[telling], callers: further.slice(0, callers).map((frame) => shortName(frame.function)) };
}
