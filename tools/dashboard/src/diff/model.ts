// A difference with what is worked out from it once. Plain data and look-ups.
import type { Diff, DiffCost } from "../data/document";
import { readFlame, type FlameTree } from "../flame/tree";
import { NameModel } from "../data/name_model";
import { bytes, count } from "../text/format";

export class DiffModel extends NameModel {
  readonly diff: Diff;
  readonly tree: FlameTree<DiffCost>;
  readonly widths: Record<"change" | "before" | "after", Float64Array>;

  constructor(diff: Diff) {
    super(diff);
    this.diff = diff;
    this.tree = readFlame(diff.flame);
    const { grown, shrunk, before, after } = this.tree.total;
    this.widths = { change: grown.map((value, node) => value + shrunk[node]!), before, after };
  }

  // −1: all of it shrank, 1: all of it grew; between: stacks through it did both.
  direction(node: number): number {
    const grown = this.tree.total.grown[node]!;
    const shrunk = this.tree.total.shrunk[node]!;
    return grown + shrunk > 0 ? (grown - shrunk) / (grown + shrunk) : 0;
  }

  format(value: number): string {
    return this.diff.isBytes ? bytes(value) : count(value);
  }

  // "+1.0 MiB", "−3 B", "±0".
  signed(value: number): string {
    if (value === 0) return "±0";
    return value > 0 ? `+${this.format(value)}` : this.format(value);
  }

  figures(node: number): string {
    const { before, after, grown, shrunk } = this.tree.total;
    const parts = [`${this.signed(after[node]! - before[node]!)}: ${this.format(before[node]!)} → ${this.format(after[node]!)}`];
    if (grown[node]! > 0 && shrunk[node]! > 0) parts.push(`${this.signed(grown[node]!)} and ${this.signed(-shrunk[node]!)} in different stacks`);
    return parts.join(", ");
  }
}
