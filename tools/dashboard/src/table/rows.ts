// Sorting and windowing of a table with rows of one height: pure arithmetic, no page needed.

export type Value = number | string;

export interface Sort {
  column: string;
  descending: boolean;
}

// "peak" is the natural order of a column: numbers largest first, text from A. "-peak" the other.
export function parseSort(text: string, isText: (column: string) => boolean): Sort {
  const reversed = text.startsWith("-");
  const column = reversed ? text.slice(1) : text;
  return { column, descending: isText(column) === reversed };
}

export function formatSort(sort: Sort, isText: (column: string) => boolean): string {
  return sort.descending === isText(sort.column) ? `-${sort.column}` : sort.column;
}

// Indices of the rows in order. Equal rows keep their order.
export function sortRows(count: number, value: (row: number) => Value, descending: boolean): number[] {
  const rows = Array.from({ length: count }, (_, row) => row);
  const keys = rows.map(value);
  const sign = descending ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [keys[a]!, keys[b]!];
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return order * sign || a - b;
  });
}

export interface Window {
  first: number;
  end: number; // behind the last
}

// The rows that are in sight, and a few around them.
export function visibleRows(count: number, rowHeight: number, scrollTop: number, height: number, around = 6): Window {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - around);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + around);
  return { first: Math.min(first, Math.max(0, end)), end };
}

// How far to scroll so that a row is in sight; undefined: it is.
export function scrollTo(row: number, rowHeight: number, scrollTop: number, height: number): number | undefined {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return undefined;
}
