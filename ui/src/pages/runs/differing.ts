/** Which params, tags and metrics differ among the runs that a filter finds. */
import { columnStats } from "../../api/server";
import type { ExperimentColumns, RunScope } from "../../api/types";
import { columnId, isHiddenTag, isSystemMetric, wireColumn, type ColumnId } from "../../data/columns";

/** The most columns that one question asks about. */
const MAX_COLUMNS = 200;

export async function differingColumns(scope: RunScope, known: ExperimentColumns): Promise<ColumnId[]> {
  const datasets = (known.datasets ?? []).filter((column) => (column.distinct ?? 0) > 1);
  const ids = [
    ...(known.params ?? []).map(({ key }) => columnId("param", key)),
    ...(known.metrics ?? []).filter(({ key }) => !isSystemMetric(key)).map(({ key }) => columnId("metric", key)),
    ...(known.tags ?? []).filter(({ key }) => !isHiddenTag(key)).map(({ key }) => columnId("tag", key)),
  ].slice(0, MAX_COLUMNS);
  const names = ids.map((id) => wireColumn(id) ?? "");
  const found = await columnStats(scope, names);
  const differs = new Set(
    found
      .filter((one) => (one.distinct ?? 0) > 1 || ((one.distinct ?? 0) === 1 && (one.missing ?? 0) > 0))
      .map((one) => one.column),
  );
  return [
    ...datasets.map(({ key }) => columnId("dataset", key)),
    ...ids.filter((_, index) => differs.has(names[index] ?? "")),
  ];
}
