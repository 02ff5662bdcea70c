/** What columns and their sections are called. */
import { columnKey, columnKind, columnReduction, type ColumnId, type ColumnKind, type Reduction } from "../../data/columns";
import type { MessageKey, Words } from "../../i18n/language";

const ATTRIBUTE_TITLES: Record<string, MessageKey> = {
  run_name: "column.name",
  status: "column.status",
  start_time: "column.started",
  end_time: "column.ended",
  duration: "column.duration",
  user_id: "column.user",
  run_id: "column.id",
};

const DATASET_TITLES: Record<string, MessageKey> = {
  name: "column.dataset",
  digest: "column.datasetDigest",
  context: "column.datasetContext",
};

export const SECTIONS: Record<ColumnKind, MessageKey> = {
  attribute: "section.attributes",
  dataset: "section.datasets",
  param: "section.params",
  metric: "section.metrics",
  tag: "section.tags",
};

export const REDUCTION_WORDS: Record<Reduction, MessageKey> = {
  last: "column.last",
  min: "column.min",
  max: "column.max",
  first: "column.first",
  mean: "column.mean",
};

export function columnTitle(id: ColumnId, words: Words): string {
  const kind = columnKind(id);
  const key = columnKey(id);
  const word = kind === "attribute" ? ATTRIBUTE_TITLES[key] : kind === "dataset" ? DATASET_TITLES[key] : undefined;
  return word ? words.t(word) : key;
}

/** The title with which of a metric's values it is. */
export function fullTitle(id: ColumnId, words: Words): string {
  const reduction = columnReduction(id);
  const title = columnTitle(id, words);
  return reduction === "last" ? title : `${title} (${words.t(REDUCTION_WORDS[reduction])})`;
}
