// Processes as a table, those that run or those of recordings; a row leads to the process.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { formatSort, parseSort } from "../table/rows";
import { Table, type Column } from "../table/Table";
import { count, exact } from "../text/format";
import type { Process } from "./types";

export interface ProcessTableProps<P extends Process> {
  title: string;
  processes: P[];
  columnsOf: (processes: P[]) => Column[];
  textColumns: string[];
  sort: string;
  otherwise: string; // sorted by this column where `sort` names none
  empty: ComponentChildren;
  onSort(sort: string): void;
  onOpen(pid: number): void;
}

export function ProcessTable<P extends Process>({ title, processes, columnsOf, textColumns, sort, otherwise, empty, onSort, onOpen }: ProcessTableProps<P>) {
  const columns = useMemo(() => columnsOf(processes), [processes]);
  const isText = (id: string) => textColumns.includes(id);
  const wanted = parseSort(sort, isText);
  const known = columns.some((column) => column.id === wanted.column);
  return (
    <section aria-labelledby="processes-title" class="card" id="processes">
      <h2 id="processes-title">
        {title} <span class="faint">{count(processes.length)}</span>
      </h2>
      {processes.length === 0 ? (
        empty
      ) : (
        <Table
          label={title}
          count={processes.length}
          columns={columns}
          sort={known ? wanted : parseSort(otherwise, isText)}
          onSort={(next) => onSort(formatSort(next, isText))}
          open={-1}
          onOpen={(row) => onOpen(processes[row]!.pid)}
        />
      )}
    </section>
  );
}

// A column of numbers: what is not known sorts last and shows as a dash. From a width of the table on.
export type Figure<P> = (id: string, title: string, hint: string, value: (each: P) => number | null | undefined, show: (value: number, each: P) => string, from?: number) => Column;

export function figures<P>(of: (row: number) => P, width: string): Figure<P> {
  return (id, title, hint, value, show, from = 0) => ({
    id,
    title,
    hint,
    width,
    from,
    value: (row) => value(of(row)) ?? -1,
    show: (row) => {
      const one = value(of(row));
      return one == null ? <span class="faint">–</span> : <span title={exact(one)}>{show(one, of(row))}</span>;
    },
  });
}
