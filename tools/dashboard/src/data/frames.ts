// Frames and stacks of a report as a person reads them.
import type { Report } from "./document";

export interface Frame {
  function: string;
  file: string;
  line: number;
  module: string;
  inlined: boolean;
  named: boolean; // false: the function's name is not known, `function` says where in the module it is
  recorded: boolean; // false: the stack could not be followed further
}

type Tables = Pick<Report, "strings" | "frames" | "stacks">;

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

// Plumbing that a reader skips: what a stack is named after is the first frame that is none of it.
const PLUMBING =
  /^(operator new|operator delete|std::|__gnu_cxx::|__cxxabiv1::|void std::|__rust_|__rdl_|__rg_|alloc::|core::|<alloc::|<core::|<std::|_?_?libc_|_start|start_thread|clone)|malloc|calloc|realloc|zalloc|strdup/;

// The innermost frame that is named and no plumbing, else the innermost named one, else the first.
export function tellingFrame(stack: Frame[]): Frame | undefined {
  return stack.find((frame) => frame.named && !PLUMBING.test(frame.function)) ?? stack.find((frame) => frame.named) ?? stack[0];
}
