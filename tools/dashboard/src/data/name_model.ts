// Names and places of frames and stacks, whatever document they are from. Plain data and look-ups.
import type { FlameTree } from "../flame/tree";
import { count } from "../text/format";
import { shortName } from "../text/names";
import type { Tables } from "./document";
import { baseName, frameAt, headlineOf, placeOf, stackOf, type Frame } from "./frames";

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
  headline(stack: number): { frame: Frame; callers: string[] } {
    const { frame, callers } = headlineOf(this.stack(stack));
    return { frame: frame ?? this.frame(0), callers };
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
