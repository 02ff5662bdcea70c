import type { ExperimentColumns } from "../../api/types";
import { columnKey, columnKind, defaultColumns, quoteKey } from "../../data/columns";
import { isRising } from "../../data/goal";
import type { MessageKey, Translate } from "../../i18n/language";

const ROOM = 4;

function firstKey(known: ExperimentColumns, kind: "metric" | "param"): string | undefined {
  const first = defaultColumns(known, ROOM).find((id) => columnKind(id) === kind);
  return first && columnKey(first);
}

/** A hint in the filter's field, made of this experiment's own keys. */
export function filterExample(known: ExperimentColumns, t: Translate): string {
  const key = firstKey(known, "metric");
  const term = key ? `metrics.${quoteKey(key)} ${isRising(key, null) ? ">" : "<"} 0.8 and ` : "";
  return t("filter.example", { example: `${term}status = 'FINISHED'` });
}

export interface FilterExample {
  filter: string;
  word: MessageKey;
}

/** What the language can say, with this experiment's own keys. */
export function filterExamples(known: ExperimentColumns): FilterExample[] {
  const metric = `metrics.${quoteKey(firstKey(known, "metric") ?? "loss")}`;
  const param = `params.${quoteKey(firstKey(known, "param") ?? "lr")}`;
  const way = isRising(firstKey(known, "metric") ?? "loss", null) ? ">" : "<";
  return [
    { filter: `${metric} ${way} 0.8 AND status = 'FINISHED'`, word: "syntax.compare" },
    { filter: `${metric}.max > 0.5`, word: "syntax.summary" },
    { filter: `${param} IN (0.1, 0.01) OR ${param} IS NULL`, word: "syntax.list" },
    { filter: `start_time > -7d AND NOT status = 'FAILED'`, word: "syntax.time" },
    { filter: `dataset.name ~ 'train'`, word: "syntax.contains" },
    { filter: `run_name LIKE 'trial-%' AND tags.team IS NOT NULL`, word: "syntax.pattern" },
    { filter: `resnet`, word: "syntax.word" },
  ];
}
