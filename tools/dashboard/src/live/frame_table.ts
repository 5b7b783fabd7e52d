// The frames that the daemon named, each under a number that stays the same from one report to the
// next, so that what the reader zoomed into is found again. Of one process.
import type { Tables } from "../data/document";
import { baseName } from "../data/frames";
import { isPlumbing } from "../data/plumbing";
import type { ReportFrame } from "./types";

const INLINED = 1;
const UNNAMED = 2;
const NOT_RECORDED = 4;
const PLUMBING = 8; // bits of frames.kind, as in data/frames.ts

export class FrameTable {
  readonly tables: Tables = {
    strings: [""],
    frames: { function: [], file: [], line: [], module: [], kind: [] },
    stacks: { parent: [0], frame: [0] }, // none: paths are lists of frames here
  };
  private readonly texts = new Map<string, number>([["", 0]]);
  private readonly frames = new Map<string, number>();
  private readonly groups: number[] = [];
  private readonly groupNumbers = new Map<string, number>();
  readonly noStack = this.put("(no stack was recorded)", null, NOT_RECORDED, "", undefined);

  add(frame: ReportFrame): number {
    const name = frame.function ?? `${baseName(frame.module ?? "unknown")}+${frame.offset}`;
    const kind = (frame.inlined ? INLINED : 0) + (frame.function === null ? UNNAMED : 0) + (isPlumbing(frame.function, frame.file, frame.module) ? PLUMBING : 0);
    return this.put(name, frame.file, kind, frame.module ?? "", frame.line);
  }

  // The same for every line of a function.
  group(frame: number): number {
    return this.groups[frame]!;
  }

  private put(name: string, file: string | null, kind: number, module: string, line = 0): number {
    const key = [name, file, line, module, kind].join("\0");
    let number = this.frames.get(key);
    if (number !== undefined) return number;
    const { frames } = this.tables;
    number = frames.function.length;
    this.frames.set(key, number);
    frames.function.push(this.text(name));
    frames.file.push(this.text(file ?? ""));
    frames.line.push(line);
    frames.module.push(this.text(module));
    frames.kind.push(kind);
    const group = [name, module].join("\0");
    if (!this.groupNumbers.has(group)) this.groupNumbers.set(group, this.groupNumbers.size);
    this.groups.push(this.groupNumbers.get(group)!);
    return number;
  }

  private text(text: string): number {
    let number = this.texts.get(text);
    if (number === undefined) {
      this.texts.set(text, (number = this.tables.strings.length));
      this.tables.strings.push(text);
    }
    return number;
  }
}
