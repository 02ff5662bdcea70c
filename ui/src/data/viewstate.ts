/** What a runs table shows, as the address says it. Unknown fields are left alone, broken ones ignored. */
import type { BinScale } from "../api/types";
import { readable, setOrDrop } from "./address";
import { columnKey, columnKind, isColumnId, type ColumnId, type Sort } from "./columns";
import { readList, readRows, writeList, writeRows } from "./listtext";

/** What runs are put together by. `bins`: how many for numbers; null groups equal values. */
export interface GroupBy {
  column: ColumnId;
  bins: number | null;
  scale: BinScale;
}

/** What a group's row shows of its runs' numbers. */
export type Statistic = "mean" | "median" | "min" | "max" | "count";
export const STATISTICS: readonly Statistic[] = ["mean", "median", "min", "max", "count"];
export type Density = "compact" | "normal";

export interface ViewState {
  /** The filter's text; empty for none. */
  filter: string;
  /** By weight; empty: the default order, newest first. */
  sort: readonly Sort[];
  /** Null: the default columns. */
  columns: readonly ColumnId[] | null;
  /** Columns that stay at the left edge. */
  frozen: readonly ColumnId[];
  /** Widths that the reader chose, in px. */
  widths: Readonly<Record<ColumnId, number>>;
  /** At most three. */
  groups: readonly GroupBy[];
  statistic: Statistic;
  /** Whether child runs stand below their parents. */
  nested: boolean;
  /** Ids of runs that stay on top. */
  pins: readonly string[];
  /** The id of the run that others are compared with. */
  baseline: string | null;
  /** Metrics that are drawn as curves; null: the default ones. */
  curves: readonly ColumnId[] | null;
  density: Density;
  /** Whether runs in the trash are shown, instead of the others. */
  deleted: boolean;
}

export const EMPTY_VIEW: ViewState = {
  filter: "",
  sort: [],
  columns: null,
  frozen: [],
  widths: {},
  groups: [],
  statistic: "mean",
  nested: false,
  pins: [],
  baseline: null,
  curves: null,
  density: "compact",
  deleted: false,
};

const MAX_GROUPS = 3;
const MAX_SORTS = 3;
const MAX_PINS = 20;
const WIDTHS: readonly [number, number] = [40, 900];
const SCALES: readonly BinScale[] = ["equal", "quantile", "log"];
const RUN_ID = /^[\w-]{1,64}$/;

function readSort(text: string): Sort[] {
  const descending = text.startsWith("-");
  const column = descending ? text.slice(1) : text;
  return isColumnId(column) ? [{ column, descending }] : [];
}

function readGroup([column = "", bins = "", scale = ""]: string[]): GroupBy[] {
  if (!isColumnId(column)) return [];
  const count = Number(bins);
  return [
    {
      column,
      bins: Number.isInteger(count) && count >= 2 && count <= 100 ? count : null,
      scale: SCALES.find((name) => name === scale) ?? "equal",
    },
  ];
}

const writeGroup = ({ column, bins, scale }: GroupBy): string[] =>
  bins === null ? [column] : [column, String(bins), ...(scale === "equal" ? [] : [scale])];

function readWidth([column = "", text = ""]: string[]): [ColumnId, number][] {
  const width = Number(text);
  return isColumnId(column) && width >= WIDTHS[0] && width <= WIDTHS[1] ? [[column, Math.round(width)]] : [];
}

const columnsIn = (text: string | null) => readList(text).filter(isColumnId);

/** Reads a view from an address's query part. */
export function decodeView(search: string): ViewState {
  const query = new URLSearchParams(search);
  const columns = query.get("cols");
  const curves = query.get("curves");
  const base = query.get("base");
  return {
    filter: query.get("q") ?? "",
    sort: readList(query.get("sort")).flatMap(readSort).slice(0, MAX_SORTS),
    columns: columns === null ? null : columnsIn(columns),
    frozen: columnsIn(query.get("fix")),
    widths: Object.fromEntries(readRows(query.get("w")).flatMap(readWidth)),
    groups: readRows(query.get("grp")).flatMap(readGroup).slice(0, MAX_GROUPS),
    statistic: STATISTICS.find((name) => name === query.get("agg")) ?? "mean",
    nested: query.get("nest") === "1",
    pins: readList(query.get("pin"))
      .filter((id) => RUN_ID.test(id))
      .slice(0, MAX_PINS),
    baseline: base && RUN_ID.test(base) ? base : null,
    curves: curves === null ? null : columnsIn(curves),
    density: query.get("den") === "normal" ? "normal" : "compact",
    deleted: query.get("state") === "deleted",
  };
}

/** The query part for a view, without "?"; fields of `search` that are not ours stay. */
export function encodeView(view: ViewState, search = ""): string {
  const query = new URLSearchParams(search);
  setOrDrop(query, "q", view.filter || null);
  setOrDrop(query, "sort", writeList(view.sort.map((sort) => `${sort.descending ? "-" : ""}${sort.column}`)));
  setOrDrop(query, "cols", view.columns && (writeList(view.columns) ?? ""));
  setOrDrop(query, "fix", writeList(view.frozen));
  setOrDrop(query, "w", writeRows(Object.entries(view.widths).map(([column, width]) => [column, String(width)])));
  setOrDrop(query, "grp", writeRows(view.groups.map(writeGroup)));
  setOrDrop(query, "agg", view.statistic === "mean" ? null : view.statistic);
  setOrDrop(query, "nest", view.nested ? "1" : null);
  setOrDrop(query, "pin", writeList(view.pins));
  setOrDrop(query, "base", view.baseline);
  setOrDrop(query, "curves", view.curves && (writeList(view.curves) ?? ""));
  setOrDrop(query, "den", view.density === "compact" ? null : view.density);
  setOrDrop(query, "state", view.deleted ? "deleted" : null);
  return readable(query);
}

/** Whether a column is sorted from its greatest value first, when nobody says otherwise. */
function startsDescending(column: ColumnId): boolean {
  const kind = columnKind(column);
  return kind === "metric" || (kind === "attribute" && columnKey(column) === "start_time");
}

/**
 * The sort after a click on a column's header: first the `natural` direction, by default the kind's, then the other, then none.
 * `further` keeps the other columns: the column becomes the last one by weight.
 */
export function nextSort(current: readonly Sort[], column: ColumnId, further = false, natural = startsDescending(column)): Sort[] {
  const at = current.findIndex((sort) => sort.column === column);
  const now = current[at];
  const next = !now ? { column, descending: natural } : now.descending === natural ? { column, descending: !natural } : null;
  if (!further) return next ? [next] : [];
  if (!now) return next ? [...current, next].slice(-MAX_SORTS) : [...current];
  return next ? current.with(at, next) : current.toSpliced(at, 1);
}
