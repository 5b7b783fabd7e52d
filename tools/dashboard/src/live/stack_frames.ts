// Frames of the daemon's answers as the page's components read them.
import { frameAt, type Frame } from "../data/frames";
import { FrameTable } from "./frame_table";
import type { ReportFrame } from "./types";

export function framesOf(stack: ReportFrame[]): Frame[] {
  const table = new FrameTable();
  return stack.map((frame) => frameAt(table.tables, table.add(frame)));
}
