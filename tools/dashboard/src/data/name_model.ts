// Names and places of frames and stacks, whatever document they are from. Plain data and look-ups.
import type { FlameTree } from "../flame/tree";
import { count } from "../text/format";
import { shortName } from "../text/names";
import type { Tables } from "./document";
import { baseName, frameAt, placeOf, stackOf, tellingFrame, type Frame } from "./frames";

export class NameModel {
  private readonly tables: Tables;
  private readonly frames = new Map<number, Frame>();

  constructor(tables: Tables) {
    this.tables = tables;
  }
  frame(id: number): Frame {
    let frame = this.frames.get(id);
    if (frame === undefined) this.frames.set(id, (frame = frameAt(this.tables, id)));
    return frame;
  }
  stack(id: number): Frame[] {
    return stackOf(this.tables, id);
  }
  // The frame that a stack is named after and the callers that follow it, as far as they have names.
  headline(stack: number, callers = 3): { frame: Frame; callers: string[] } {
    const frames = this.stack(stack);
    const telling = tellingFrame(frames);
    const further = frames.slice(telling + 1).filter((frame) => frame.named && !frame.plumbing);
    return { frame: frames[telling] ?? this.frame(0), callers: further.slice(0, callers).map((frame) => shortName(frame.function)) };
  }
  nodeName(tree: FlameTree, node: number): string {
    if (node === 0) return "all stacks";
    if (tree.folded[node]! > 0) return `(${count(tree.folded[node]!)} small ${tree.folded[node] === 1 ? "frame" : "frames"})`;
    return this.frame(tree.frame[node]!).function;
  }
  nodeShortName(tree: FlameTree, node: number): string {
    return shortName(this.nodeName(tree, node));
  }
  nodePlace(tree: FlameTree, node: number): string {
    if (tree.folded[node]! > 0) return "each too small to draw; the tables have them";
    if (tree.frame[node]! < 0) return "";
    const frame = this.frame(tree.frame[node]!);
    if (!frame.recorded) return "the stack could not be followed further out";
    const parts = [placeOf(frame) + (tree.several[node] && frame.line > 0 ? " and other lines" : ""), baseName(frame.module), frame.inlined ? "inlined" : ""];
    return parts.filter((part) => part !== "").join(" · ");
  }
}
