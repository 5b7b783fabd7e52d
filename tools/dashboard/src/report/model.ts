// A report with what is worked out from it once: trees, frames, colours. Plain data and look-ups.
import type { Cost, Process, Report, Scope } from "../data/document";
import { NameModel } from "../data/name_model";
import { assignHues } from "../flame/colors";
import { readFlame, type FlameTree } from "../flame/tree";
import { bytes, count, duration } from "../text/format";
import { asFarAsSeen } from "../text/leak_words";

export class ReportModel extends NameModel {
  readonly report: Report;
  private readonly trees = new Map<number, FlameTree<Cost>>();
  private readonly hues: Map<string, number>;

  constructor(report: Report) {
    super(report);
    this.report = report;
    // One module has one colour wherever the reader looks, so it is decided over everything.
    const cost = new Map<string, number>();
    const { frame, allocatedOwn } = this.scope(0).functions.columns;
    frame.forEach((id, row) => {
      const { module } = this.frame(id);
      cost.set(module, (cost.get(module) ?? 0) + allocatedOwn[row]!);
    });
    // The program itself comes first: its frames are what a reader looks for.
    const program = report.processes[this.scope(0).largest ?? 0]?.exe;
    if (program !== undefined && cost.has(program)) cost.set(program, Infinity);
    this.hues = assignHues(cost);
  }

  // Out of range, as a foreign link may be: the whole.
  scopeNumber(wanted: number): number {
    return wanted < this.report.scopes.length ? wanted : 0;
  }
  scope(number: number): Scope {
    return this.report.scopes[number]!;
  }
  tree(scope: number): FlameTree<Cost> {
    let tree = this.trees.get(scope);
    if (tree === undefined) this.trees.set(scope, (tree = readFlame(this.scope(scope).flame)));
    return tree;
  }
  hue(module: string): number | undefined {
    return this.hues.get(module);
  }
  // Modules with a colour, in the order of their hues.
  legend(): { module: string; hue: number }[] {
    return [...this.hues].map(([module, hue]) => ({ module, hue }));
  }
  process(number: number): Process {
    return this.report.processes[number]!;
  }

}

export const isBytes = (cost: Cost): boolean => cost === "leaked" || cost === "peak" || cost === "allocated";

export function formatCost(cost: Cost, value: number): string {
  if (isBytes(cost)) return bytes(value);
  return `${count(value)} ${value === 1 ? "call" : "calls"}`;
}

// What leaked is the verdict of a leak check; without one the graph has all that was not freed, and
// says so in the words of the text reports.
export function costLabel(cost: Cost, scope: Scope): string {
  if (cost === "peak") return "At the peak";
  if (cost === "allocated") return "Allocated";
  if (cost === "allocations") return "Allocations";
  if (cost === "temporary") return "Temporary";
  return isClassified(scope) ? "Leaked" : capital(scope.notFreedPhrase);
}

export function costMeaning(cost: Cost, scope: Scope): string {
  if (cost === "peak") return "bytes that were live when the heap was largest";
  if (cost === "allocated") return "bytes over the whole run, freed since or not";
  if (cost === "allocations") return "successful calls, reallocations not included";
  if (cost === "temporary") return "blocks freed by the same thread with no other allocation in between";
  return isClassified(scope) ? `bytes leaked${asFarAsSeen(isAllSeen(scope))}: definite, indirect and possible; the table Leaks tells them apart, and what is still reachable` : `bytes ${scope.notFreedPhrase}; a global may still point to them`;
}

export function isClassified(scope: Scope): boolean {
  return scope.leaks.kinds.some(({ kind }) => kind !== "unclassified");
}

// Of what a leak check judged.
export const isAllSeen = (scope: Scope): boolean => scope.leaks.doubt === "";

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function processLabel(process: Process): string {
  return `${process.name} (${process.pid})`;
}

export function processWord(scope: Scope): string {
  const programs = scope.processes.length;
  const pids = `${count(scope.pids)} ${scope.pids === 1 ? "process" : "processes"}`;
  return programs > scope.pids ? `${pids}, ${count(programs)} programs` : pids;
}

export const since = (process: Process, at: number): string => duration(at - process.start);
