// A table of any length with rows of one height: only those in sight are in the document. Headers
// sort, arrows walk, Enter opens a row. It knows nothing of what it shows.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { scrollTo, sortRows, visibleRows, type Sort, type Value } from "./rows";

export interface Column {
  id: string;
  title: string;
  hint?: string; // what the column means
  isText?: boolean;
  width: string; // of a CSS grid track
  from?: number; // shown where the table is at least so wide, in CSS pixels
  value(row: number): Value; // that it sorts by
  show(row: number): ComponentChildren;
  bar?(row: number): number; // 0 to 1: drawn behind the figure
}

export interface TableProps {
  label: string;
  count: number;
  columns: Column[];
  sort: Sort;
  onSort(sort: Sort): void;
  open: number; // row that is open; −1: none
  onOpen?: (row: number) => void;
  rest?: ComponentChildren; // about rows that are not listed
}

const ROW = 30;
const MOST_IN_SIGHT = 16;

export function Table(props: TableProps) {
  const { count, columns, sort } = props;
  const body = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(1000);
  const [top, setTop] = useState(0);
  const [focused, setFocused] = useState(-1); // position in the order, not a row
  const shown = columns.filter((column) => (column.from ?? 0) <= width || column.id === sort.column);
  const sorted = columns.find((column) => column.id === sort.column) ?? columns[0]!;
  const order = useMemo(() => sortRows(count, sorted.value, sort.descending), [count, columns, sort.column, sort.descending]);
  const height = Math.min(count, MOST_IN_SIGHT) * ROW;
  const inSight = visibleRows(count, ROW, top, height);

  useLayoutEffect(() => {
    const element = body.current!;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const bringIntoSight = (position: number) => {
    const to = scrollTo(position, ROW, body.current!.scrollTop, height);
    if (to !== undefined) body.current!.scrollTop = to;
  };
  useEffect(() => {
    const position = order.indexOf(props.open);
    if (position >= 0) bringIntoSight(position);
  }, [props.open, order]);

  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Partial<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: MOST_IN_SIGHT, PageUp: -MOST_IN_SIGHT, Home: -count, End: count };
    const step = steps[event.key];
    if (step !== undefined) {
      const next = Math.max(0, Math.min(count - 1, focused < 0 ? (step > 0 ? 0 : count - 1) : focused + step));
      setFocused(next);
      bringIntoSight(next);
    } else if ((event.key === "Enter" || event.key === " ") && focused >= 0) {
      props.onOpen?.(order[focused]!);
    } else {
      return;
    }
    event.preventDefault();
  };

  const tracks = { gridTemplateColumns: shown.map((column) => column.width).join(" ") };
  const rows = [];
  for (let position = inSight.first; position < inSight.end; ++position) {
    const row = order[position]!;
    const states = [row === props.open && "open", position === focused && "focused", props.onOpen && "can-open"];
    rows.push(
      <div
        key={row}
        id={`row-${row}`}
        class={`row ${states.filter(Boolean).join(" ")}`}
        role="row"
        aria-rowindex={position + 2}
        aria-selected={row === props.open}
        style={{ ...tracks, transform: `translateY(${position * ROW}px)` }}
        onClick={() => {
          setFocused(position);
          props.onOpen?.(row);
        }}
      >
        {shown.map((column, index) => (
          <div key={column.id} class={column.isText ? "cell text" : "cell"} role={index === 0 ? "rowheader" : "gridcell"}>
            {column.bar !== undefined && <i class="bar" style={{ width: `${100 * Math.min(1, column.bar(row))}%` }} />}
            <span>{column.show(row)}</span>
          </div>
        ))}
      </div>,
    );
  }
  return (
    <div
      class="table"
      role="grid"
      aria-label={props.label}
      aria-rowcount={count + 1}
      aria-readonly="true"
      tabIndex={0}
      aria-activedescendant={focused >= 0 ? `row-${order[focused]}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" class="head">
        <div class="row" role="row" aria-rowindex={1} style={tracks}>
          {shown.map((column) => (
            <div
              key={column.id}
              class={column.isText ? "cell text" : "cell"}
              role="columnheader"
              aria-sort={column.id === sorted.id ? (sort.descending ? "descending" : "ascending") : "none"}
            >
              <button
                type="button"
                title={column.hint}
                onClick={() => {
                  const natural = !column.isText;
                  props.onSort({ column: column.id, descending: column.id === sorted.id ? !sort.descending : natural });
                }}
              >
                {column.title}
                <span class="arrow" aria-hidden="true">
                  {column.id === sorted.id ? (sort.descending ? "▾" : "▴") : ""}
                </span>
              </button>
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" class="body" ref={body} style={{ height: `${height + 1}px` }} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <div style={{ height: `${count * ROW}px`, position: "relative" }}>{rows}</div>
      </div>
      {props.rest !== undefined && <div class="rest">{props.rest}</div>}
    </div>
  );
}
