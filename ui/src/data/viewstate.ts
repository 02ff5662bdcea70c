/** What a runs table shows, as the address says it: `?q=&sort=&cols=`. Unknown fields are left alone, broken ones ignored. */
import { readable, setOrDrop } from "./address";
import { columnKey, columnKind, isColumnId, type ColumnId, type Sort } from "./columns";

export interface ViewState {
  /** The filter's text; empty for none. */
  filter: string;
  /** Null: the default order, newest first. */
  sort: Sort | null;
  /** Null: the default columns. */
  columns: readonly ColumnId[] | null;
}

export const EMPTY_VIEW: ViewState = { filter: "", sort: null, columns: null };

const escapeItem = (text: string) => text.replaceAll("~", "~0").replaceAll(",", "~1");
const unescapeItem = (text: string) => text.replaceAll("~1", ",").replaceAll("~0", "~");

function readSort(text: string | null): Sort | null {
  if (!text) return null;
  const descending = text.startsWith("-");
  const column = descending ? text.slice(1) : text;
  return isColumnId(column) ? { column, descending } : null;
}

/** Reads a view from an address's query part. */
export function decodeView(search: string): ViewState {
  const query = new URLSearchParams(search);
  const columns = query.get("cols");
  return {
    filter: query.get("q") ?? "",
    sort: readSort(query.get("sort")),
    columns: columns === null ? null : columns.split(",").map(unescapeItem).filter(isColumnId),
  };
}

/** The query part for a view, without "?"; fields of `search` that are not ours stay. */
export function encodeView(view: ViewState, search = ""): string {
  const query = new URLSearchParams(search);
  setOrDrop(query, "q", view.filter || null);
  setOrDrop(query, "sort", view.sort && `${view.sort.descending ? "-" : ""}${view.sort.column}`);
  setOrDrop(query, "cols", view.columns && view.columns.map(escapeItem).join(","));
  return readable(query);
}

/** The sort after a click on a column's header: first the kind's natural direction, then the other, then none. */
export function nextSort(current: Sort | null, column: ColumnId): Sort | null {
  const kind = columnKind(column);
  const startsDescending = kind === "metric" || (kind === "attribute" && columnKey(column) === "start_time");
  if (current?.column !== column) return { column, descending: startsDescending };
  return current.descending === startsDescending ? { column, descending: !startsDescending } : null;
}
