import type { ExperimentColumns } from "../../api/types";
import { columnKey, columnKind, defaultColumns, quoteKey } from "../../data/columns";
import { isRising } from "../../data/goal";
import type { Translate } from "../../i18n/language";

const ROOM = 4;

/** A hint in the filter's field, made of this experiment's own keys. */
export function filterExample(known: ExperimentColumns, t: Translate): string {
  const first = defaultColumns(known, ROOM).find((id) => columnKind(id) === "metric");
  const key = first && columnKey(first);
  const term = key ? `metrics.${quoteKey(key)} ${isRising(key, null) ? ">" : "<"} 0.8 and ` : "";
  return t("filter.example", { example: `${term}status = 'FINISHED'` });
}
