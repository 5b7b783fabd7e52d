// What each table of the report shows: columns, figures, which stack belongs to a row, and what to
// say when there are no rows.
import type { ComponentChildren } from "preact";
import type { Cost, Scope } from "../data/document";
import { baseName, type Frame } from "../data/frames";
import type { Tab } from "../state/hash";
import type { Column } from "../table/Table";
import { bytes, count, counted, duration, errorBar, exact, percent, requestedBytes } from "../text/format";
import { FrameText } from "../parts/FrameText";
import { capital, costLabel, formatCost, processLabel, since, type ReportModel } from "./model";

export interface TableContent {
  count: number; // of rows in the table
  columns: Column[];
  natural: string; // column that it is sorted by at first
  stack?: (row: number) => number; // of a row
  facts?: (row: number) => [string, ComponentChildren][]; // about an open row
  rest?: ComponentChildren;
  empty: ComponentChildren;
}

type Make = (model: ReportModel, scope: Scope, cost: Cost) => TableContent;

const FIGURE = "minmax(84px, 110px)"; // width of a column of figures

const figure = (id: string, title: string, hint: string, values: number[], unit: (value: number) => string, whole: number, from = 0, width = FIGURE, errors: number[] | undefined = undefined): Column => ({
  id,
  title,
  hint,
  width,
  from,
  value: (row) => values[row]!,
  show: (row) => <span title={`${exact(values[row]!)} ${errorBar(errors?.[row] ?? 0)}`.trim()}>{unit(values[row]!)}</span>,
  ...(whole > 0 ? { bar: (row: number) => values[row]! / whole } : {}),
});

const frameColumn = (frame: (row: number) => Frame, title: string, callers: (row: number) => string[] = () => []): Column => ({
  id: "function",
  title,
  isText: true,
  width: "minmax(140px, 1fr)",
  value: (row) => frame(row).function,
  show: (row) => <FrameText frame={frame(row)} callers={callers(row)} />,
});

// Of rows that each belong to a stack.
function stackColumn(model: ReportModel, stacks: number[], title: string): Column {
  const headlines = stacks.map((stack) => model.headline(stack));
  return frameColumn(
    (row) => headlines[row]!.frame,
    title,
    (row) => headlines[row]!.callers,
  );
}

const textColumn = (id: string, title: string, text: (row: number) => string, width: string, from = 0): Column => ({
  id,
  title,
  isText: true,
  width,
  from,
  value: text,
  show: (row) => <span title={text(row)}>{text(row)}</span>,
});

const restText = (rows: number, what: string, figures: string) => (rows > 0 ? `and ${count(rows)} more ${what}: ${figures}` : undefined);

const sites: Make = (model, scope, cost) => {
  const { columns: c, rest } = scope.sites;
  const totals = { live: 0, peak: 0, allocated: 0, calls: 0, temporary: 0 };
  const calls = c.allocations.map((value, row) => value + c.reallocations[row]!);
  totals.live = sum(c.live) + rest.live;
  totals.peak = sum(c.peak) + rest.peak;
  totals.allocated = sum(c.allocated) + rest.allocated;
  totals.calls = sum(calls) + rest.allocations + rest.reallocations;
  totals.temporary = sum(c.temporary) + rest.temporary;
  const error = (values: number[] | undefined, row: number) => (values !== undefined && values[row]! > 0 ? ` ± ${bytes(values[row]!)}` : "");
  const notFreed = capital(scope.notFreedPhrase);
  return {
    count: c.stack.length,
    columns: [
      stackColumn(model, c.stack, "Allocated in"),
      figure("peak", "At peak", "Bytes live when the heap was largest", c.peak, bytes, totals.peak, 0, FIGURE, c.peakError),
      figure("leaked", "Not freed", `Bytes ${scope.notFreedPhrase}`, c.live, bytes, totals.live, 420, FIGURE, c.liveError),
      figure("blocks", "Blocks", `Blocks ${scope.notFreedPhrase}`, c.liveBlocks, count, 0, 980),
      figure("allocated", "Allocated", "Bytes over the whole run", c.allocated, bytes, totals.allocated, 540, FIGURE, c.allocatedError),
      figure("allocations", "Calls", "Allocations and reallocations", calls, count, totals.calls, 640),
      figure("temporary", "Temporary", "Freed with no other allocation in between", c.temporary, count, totals.temporary, 760),
    ],
    natural: cost,
    stack: (row) => c.stack[row]!,
    facts: (row) => [
      ["At the peak", `${bytes(c.peak[row]!)}${error(c.peakError, row)}`],
      [notFreed, `${bytes(c.live[row]!)}${error(c.liveError, row)} in ${counted(c.liveBlocks[row]!, "block", "blocks")}`],
      ["Allocated", `${bytes(c.allocated[row]!)}${error(c.allocatedError, row)}`],
      ["Its own largest", bytes(c.ownPeak[row]!)],
      ["Allocations", exact(c.allocations[row]!)],
      ["Reallocations", exact(c.reallocations[row]!)],
      ["Temporary", exact(c.temporary[row]!)],
    ],
    rest: restText(rest.count, "stacks", `${bytes(rest.peak)} at the peak, ${bytes(rest.live)} ${scope.notFreedPhrase}, ${bytes(rest.allocated)} allocated in ${counted(rest.allocations + rest.reallocations, "call", "calls")}`),
    empty: scope.idle ? "No stacks were recorded: record with --mode exact or --mode sample." : "No allocation was recorded. memwatch doctor -- CMD says whether CMD can be traced.",
  };
};

const leaks: Make = (model, scope) => {
  const { columns: c, rest, kinds } = scope.leaks;
  const whole = sum(c.bytes) + rest.bytes;
  const kind = (row: number) => (c.upkeep[row] ? "the C library's own" : (kinds[c.kind[row]!]?.kind ?? ""));
  return {
    count: c.stack.length,
    columns: [
      stackColumn(model, c.stack, "Allocated in"),
      figure("bytes", "Bytes", `Bytes ${scope.notFreedPhrase}`, c.bytes, bytes, whole),
      figure("blocks", "Blocks", `Blocks ${scope.notFreedPhrase}`, c.blocks, count, 0),
      textColumn("kind", "Kind", kind, "minmax(110px, 150px)", 560),
    ],
    natural: "bytes",
    stack: (row) => c.stack[row]!,
    facts: (row) => [
      [capital(scope.notFreedPhrase), bytes(c.bytes[row]!)],
      ["Blocks", exact(c.blocks[row]!)],
      ["Kind", kind(row)],
      ["Share", percent(c.bytes[row]! / whole)],
    ],
    rest: restText(rest.count, "stacks", `${bytes(rest.bytes)} in ${counted(rest.blocks, "block", "blocks")}`),
    empty: scope.idle
      ? "Blocks were not followed: record with --mode exact, or ask memwatch leaks PID while it runs."
      : scope.sampled
        ? "No block that was sampled is left. A sample does not know every block."
        : model.report.filter !== "" || model.report.exclude !== ""
          ? "Nothing of the stacks that the filters leave was live at the end."
          : "✓ Every block was freed.",
  };
};

const functions: Make = (model, scope, cost) => {
  const { columns: c, rest } = scope.functions;
  const own = c[`${cost}Own`];
  const frames = c.frame.map((id) => model.frame(id));
  const whole = sum(own) + rest[`${cost}Own`];
  const unit = (value: number) => formatCost(cost, value).replace(/ calls?$/, "");
  return {
    count: frames.length,
    columns: [
      frameColumn((row) => frames[row]!, "Function"),
      figure("total", "With callees", `${costLabel(cost, scope)}: the function and all it called`, c[cost], unit, whole, 0, "minmax(90px, 130px)"),
      figure("own", "By itself", `${costLabel(cost, scope)}: allocated in the function's own code`, own, unit, whole, 380, "minmax(90px, 130px)"),
      textColumn("module", "Module", (row) => baseName(frames[row]!.module), "minmax(100px, 180px)", 700),
    ],
    natural: "total",
    facts: (row) => [
      ["Function", frames[row]!.function],
      ["Mostly at", frames[row]!.file === "" ? "(no line known)" : `${frames[row]!.file}:${frames[row]!.line}`],
      ["Module", frames[row]!.module || "(unknown)"],
      ["With callees", formatCost(cost, c[cost][row]!)],
      ["By itself", formatCost(cost, own[row]!)],
    ],
    rest: restText(rest.count, "functions", `${formatCost(cost, rest[`${cost}Own`])} by themselves`),
    empty: "No function is known: no stack was recorded.",
  };
};

const modules: Make = (model, scope) => {
  const rows = scope.modules;
  const path = (row: number) => model.report.strings[rows[row]!.path]! || "(unknown)";
  const values = (name: "peak" | "live" | "allocated" | "temporary" | "liveBlocks" | "peakError" | "liveError" | "allocatedError") => rows.map((row) => row[name]);
  const calls = rows.map((row) => row.allocations + row.reallocations);
  const column = (id: string, title: string, hint: string, numbers: number[], unit: (value: number) => string, from = 0, errors: number[] | undefined = undefined) =>
    figure(id, title, hint, numbers, unit, sum(numbers), from, FIGURE, errors);
  return {
    count: rows.length,
    columns: [
      { ...textColumn("module", "Module", path, "minmax(120px, 1fr)"), show: (row) => <span title={path(row)}>{baseName(path(row))} <span class="faint">{path(row)}</span></span> },
      column("peak", "At peak", "Bytes live when the heap was largest", values("peak"), bytes, 0, values("peakError")),
      column("leaked", "Not freed", `Bytes ${scope.notFreedPhrase}`, values("live"), bytes, 420, values("liveError")),
      column("blocks", "Blocks", `Blocks ${scope.notFreedPhrase}`, values("liveBlocks"), count, 900),
      column("allocated", "Allocated", "Bytes over the whole run", values("allocated"), bytes, 540, values("allocatedError")),
      column("allocations", "Calls", "Allocations and reallocations", calls, count, 640),
      column("temporary", "Temporary", "Freed with no other allocation in between", values("temporary"), count, 760),
    ],
    natural: "peak",
    empty: "No module is known: no stack was recorded.",
  };
};

const processes: Make = (model, scope) => {
  const rows = scope.processes.map((number) => model.process(number));
  const of = (value: (process: (typeof rows)[number]) => number) => rows.map(value);
  return {
    count: rows.length,
    columns: [
      {
        id: "process",
        title: "Process",
        hint: "In order of start, children below their parents",
        width: "minmax(130px, 1fr)",
        value: (row) => -row,
        show: (row) => (
          <span title={rows[row]!.command.join(" ")} style={{ paddingLeft: `${Math.min(rows[row]!.depth, 12) * 14}px` }}>
            {rows[row]!.name} <span class="faint">{rows[row]!.pid}</span>
          </span>
        ),
        isText: true,
      },
      figure("peak", "Peak heap", "Its largest heap", of((each) => each.peak), bytes, Math.max(...of((each) => each.peak), 0)),
      figure("leaked", "Live at its end", "Bytes", of((each) => each.live), bytes, 0, 640),
      figure("allocated", "Allocated", "Bytes over its life", of((each) => each.allocated), bytes, 0, 480),
      figure("allocations", "Allocations", "Successful calls", of((each) => each.allocations), count, 0, 760),
      figure("rss", "Peak RSS", "As the kernel tells", of((each) => each.rss), bytes, 0, 560),
      figure("duration", "Lived", "Time it was recorded", of((each) => each.duration), duration, 0, 860),
      textColumn("end", "End", (row) => rows[row]!.end, "minmax(90px, 150px)", 980),
    ],
    natural: rows.length > 1 ? "peak" : "process",
    facts: (row) => [
      ["Command", <code>{rows[row]!.command.join(" ")}</code>],
      ["Program", rows[row]!.exe],
      ["Pid", `${rows[row]!.pid}, child of ${rows[row]!.ppid}`],
      ["Lived", `${duration(rows[row]!.duration)}, ${rows[row]!.end}`],
      ["Mode", `${rows[row]!.mode}${rows[row]!.exact ? ", nothing lost" : ""}`],
      ["Peak heap", `${bytes(rows[row]!.peak)} after ${since(rows[row]!, rows[row]!.peakAt)}`],
    ],
    empty: "No process carried the preload library. memwatch doctor -- CMD says why.",
  };
};

const inScope = <Row extends { process: number }>(scope: Scope, rows: Row[]): Row[] => {
  const numbers = new Set(scope.processes);
  return rows.filter((row) => numbers.has(row.process));
};

const threads: Make = (model, scope) => {
  const { threads: list } = model.report;
  const rows = inScope(scope, list.rows);
  const of = (value: (thread: (typeof rows)[number]) => number) => rows.map(value);
  const allocated = of((each) => each.allocated);
  return {
    count: rows.length,
    columns: [
      textColumn("thread", "Thread", (row) => `${rows[row]!.name || "(no name)"} ${rows[row]!.tid === 0 ? "and later ones" : rows[row]!.tid}`, "minmax(120px, 1fr)"),
      figure("allocated", "Allocated", "Bytes it allocated", allocated, bytes, sum(allocated)),
      figure("freed", "Freed", "Bytes it freed, whoever allocated them", of((each) => each.freed), bytes, 0, 420),
      figure("allocations", "Allocations", "Successful calls", of((each) => each.allocations), count, 0, 520),
      figure("frees", "Frees", "Blocks it freed", of((each) => each.frees), count, 0, 640),
      figure("temporary", "Temporary", "Freed with no other allocation in between", of((each) => each.temporary), count, 0, 760),
      figure("failed", "Failed", "Calls that got no memory", of((each) => each.failed), count, 0, 860),
      ...(scope.processes.length > 1 ? [textColumn("process", "Process", (row) => processLabel(model.process(rows[row]!.process)), "minmax(110px, 180px)", 700)] : []),
    ],
    natural: "allocated",
    rest: list.count > list.rows.length ? `and ${count(list.count - list.rows.length)} more threads of all processes: memwatch report ${model.report.session} --view threads` : undefined,
    empty: "No thread allocated anything.",
  };
};

const failures: Make = (model, scope) => {
  const { failures: list } = model.report;
  const rows = inScope(scope, list.rows);
  return {
    count: rows.length,
    columns: [
      stackColumn(model, rows.map((row) => row.stack), "Failed in"),
      textColumn("call", "Call", (row) => rows[row]!.function, "minmax(90px, 130px)", 420),
      figure("requested", "Asked for", "Bytes", rows.map((row) => row.requested), requestedBytes, 0),
      figure("times", "Times", "Failures with this size, error and stack", rows.map((row) => row.times), count, 0),
      textColumn("error", "Error", (row) => rows[row]!.error + (rows[row]!.injected ? " (injected)" : ""), "minmax(90px, 150px)", 560),
      figure("at", "First after", "Since the start of its process", rows.map((row) => row.at - model.process(row.process).start), duration, 0, 700),
    ],
    natural: "times",
    stack: (row) => rows[row]!.stack,
    facts: (row) => [
      ["Call", `${rows[row]!.function} of ${requestedBytes(rows[row]!.requested)}`],
      ["Error", rows[row]!.error],
      ["Times", exact(rows[row]!.times)],
      ["In", processLabel(model.process(rows[row]!.process))],
      ["Injected", rows[row]!.injected ? "yes, on purpose" : "no"],
    ],
    rest: list.count > list.rows.length ? `and ${count(list.count - list.rows.length)} more rows: memwatch report ${model.report.session} --view failures --top 0` : undefined,
    empty: "✓ No allocation failed.",
  };
};

const large: Make = (model, scope) => {
  const { large: list } = model.report;
  const rows = inScope(scope, list.rows);
  return {
    count: rows.length,
    columns: [
      stackColumn(model, rows.map((row) => row.stack), "Allocated in"),
      figure("requested", "Bytes", "Asked for in one call", rows.map((row) => row.requested), requestedBytes, 0),
      textColumn("call", "Call", (row) => rows[row]!.function, "minmax(90px, 130px)", 480),
      figure("at", "After", "Since the start of its process", rows.map((row) => row.at - model.process(row.process).start), duration, 0, 400),
      figure("thread", "Thread", "Thread number", rows.map((row) => row.tid), String, 0, 720),
      textColumn("address", "Address", (row) => rows[row]!.address, "minmax(120px, 150px)", 860),
    ],
    natural: "requested",
    stack: (row) => rows[row]!.stack,
    facts: (row) => [
      ["Call", `${rows[row]!.function} of ${requestedBytes(rows[row]!.requested)}`],
      ["Address", rows[row]!.address],
      ["In", processLabel(model.process(rows[row]!.process))],
    ],
    rest: list.count > list.rows.length ? `and ${count(list.count - list.rows.length)} more: memwatch report ${model.report.session} --view large --top 0` : undefined,
    empty: `No single allocation of ${bytes(list.threshold)} or more. Lower the limit: memwatch run --large 1MiB -- CMD`,
  };
};

const sizes: Make = (_model, scope) => {
  const rows = scope.sizes;
  const allocations = rows.map((row) => row.allocations);
  const total = rows.map((row) => row.bytes);
  const range = (row: number) => (rows[row]!.from === rows[row]!.to ? bytes(rows[row]!.from) : `${bytes(rows[row]!.from)} to ${bytes(rows[row]!.to)}`);
  return {
    count: rows.length,
    columns: [
      { id: "size", title: "Size asked for", isText: true, width: "minmax(130px, 200px)", value: (row) => rows[row]!.from, show: range },
      figure("allocations", "Calls", "Allocations and reallocations of these sizes", allocations, count, Math.max(...allocations, 0), 0, "minmax(90px, 1fr)"),
      figure("bytes", "Bytes", "Asked for in these sizes", total, bytes, Math.max(...total, 0), 400, "minmax(90px, 1fr)", rows.map((row) => row.error)),
    ],
    natural: "size",
    empty: "Nothing was allocated.",
  };
};

export const TABLES: Record<Tab, { title: string; make: Make }> = {
  sites: { title: "Stacks", make: sites },
  leaks: { title: "Not freed", make: leaks },
  functions: { title: "Functions", make: functions },
  modules: { title: "Modules", make: modules },
  processes: { title: "Processes", make: processes },
  threads: { title: "Threads", make: threads },
  failures: { title: "Failures", make: failures },
  large: { title: "Large", make: large },
  sizes: { title: "Sizes", make: sizes },
};

function sum(values: number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
