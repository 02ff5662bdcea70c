import type { ExperimentColumns } from "../../api/types";
import { quoteKey } from "../../data/columns";
import type { Translate } from "../../i18n/language";

/** A hint in the filter's field, made of this experiment's own keys. */
export function filterExample(known: ExperimentColumns, t: Translate): string {
  const metric = known.metrics?.find((column) => !column.key.startsWith("system/"));
  const param = known.params?.find((column) => (column.distinct ?? 0) > 1);
  const terms: string[] = [];
  if (metric) terms.push(`metrics.${quoteKey(metric.key)} > 0.8`);
  if (param) terms.push(`params.${quoteKey(param.key)} = '…'`);
  return t("filter.example", { example: terms.join(" and ") || "status = 'FINISHED'" });
}
