/** Grouping by columns: which need bins, and how groups are ordered. */
import type { GroupKey } from "../../api/types";
import { columnKey, columnKind, statisticColumn, wireColumn, type ColumnId, type Sort } from "../../data/columns";
import type { GroupOrder } from "../../data/grouplist";
import type { GroupBy, Statistic } from "../../data/viewstate";

const BINS = 5;
const TIMES = new Set(["start_time", "end_time", "duration"]);

/** Whether a column is always a number, so that equal values say little. */
export function needsBins(id: ColumnId): boolean {
  return columnKind(id) === "metric" || (columnKind(id) === "attribute" && TIMES.has(columnKey(id)));
}

/** Whether numbers may stand in a column. */
export function mayHaveBins(id: ColumnId): boolean {
  return needsBins(id) || columnKind(id) === "param";
}

export function groupsWith(groups: readonly GroupBy[], id: ColumnId): GroupBy[] {
  return [...groups, { column: id, bins: needsBins(id) ? BINS : null, scale: needsBins(id) ? ("quantile" as const) : ("equal" as const) }];
}

export function groupKeys(groups: readonly GroupBy[]): GroupKey[] {
  return groups.map(({ column, bins, scale }) => ({
    column: statisticColumn(column),
    ...(bins === null ? {} : { bins, scale }),
  }));
}

/** Groups in the order of the table's first sort: by the statistic of a metric, or by key; else the largest first. */
export function groupOrder(groups: readonly GroupBy[], sort: readonly Sort[], statistic: Statistic): GroupOrder {
  const [first] = sort;
  if (!first) return { sort: "runs", descending: true };
  if (groups.some((by) => by.column === first.column)) return { sort: "key", descending: first.descending };
  const wire = wireColumn(first.column);
  const kind = columnKind(first.column);
  if (wire === null || (kind !== "metric" && kind !== "param")) return { sort: "runs", descending: true };
  return { sort: `${wire} ${statistic}`, descending: first.descending };
}
