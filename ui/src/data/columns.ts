/** Columns of the runs table: their names on the wire and in the address, and which are shown at first. */
import type { ColumnKey, ExperimentColumns } from "../api/types";

export type ColumnKind = "attribute" | "param" | "metric" | "tag" | "dataset";

/** Which of a metric's values a column shows. */
export type Reduction = "last" | "min" | "max" | "first" | "mean";
export const REDUCTIONS: readonly Reduction[] = ["last", "min", "max", "first", "mean"];

/**
 * A column is named by its kind's letter, or by a metric's reduction, and its key: "a.status", "p.lr", "m.val/acc", "max.val/acc",
 * "t.team", "d.name".
 */
export type ColumnId = string;

const LETTERS: Record<ColumnKind, string> = { attribute: "a", param: "p", metric: "m", tag: "t", dataset: "d" };
const KINDS: Record<string, ColumnKind> = {
  a: "attribute",
  p: "param",
  m: "metric",
  t: "tag",
  d: "dataset",
  min: "metric",
  max: "metric",
  first: "metric",
  mean: "metric",
};
const WIRE: Record<ColumnKind, string> = {
  attribute: "attributes",
  param: "params",
  metric: "metrics",
  tag: "tags",
  dataset: "dataset",
};

/** The attributes that have columns, in their order. The name is always there. */
export const ATTRIBUTES = ["status", "start_time", "duration", "user_id", "run_id"] as const;
const DEFAULT_ATTRIBUTES = ["status", "start_time", "duration", "user_id"];
/** What runs have of their datasets. */
export const DATASET_KEYS = ["name", "digest", "context"] as const;
/** Attributes that the server can sort by. */
const SORTABLE_ATTRIBUTES = new Set(["run_name", "status", "start_time", "user_id", "run_id"]);
const MAX_DEFAULT = 8;
const MIN_DEFAULT = 3;

export function columnId(kind: ColumnKind, key: string, reduction: Reduction = "last"): ColumnId {
  return `${kind === "metric" && reduction !== "last" ? reduction : LETTERS[kind]}.${key}`;
}

const prefixOf = (id: ColumnId) => id.slice(0, id.indexOf("."));

export function columnKind(id: ColumnId): ColumnKind {
  return KINDS[prefixOf(id)] ?? "attribute";
}

export function columnKey(id: ColumnId): string {
  return id.slice(id.indexOf(".") + 1);
}

/** Of metrics; "last" for all others. */
export function columnReduction(id: ColumnId): Reduction {
  return REDUCTIONS.find((reduction) => reduction === prefixOf(id)) ?? "last";
}

export function isColumnId(text: string): boolean {
  const dot = text.indexOf(".");
  return dot > 0 && dot < text.length - 1 && Object.hasOwn(KINDS, text.slice(0, dot));
}

const PLAIN = /^[A-Za-z_]\w*$/;

/** A key as the filter language writes it: bare where it can be, else in back-ticks or quotes. */
export function quoteKey(key: string): string {
  if (PLAIN.test(key)) return key;
  return key.includes("`") ? `"${key}"` : `\`${key}\``;
}

/** A column as filters and sorts write it. */
export function termKey(id: ColumnId): string {
  const kind = columnKind(id);
  if (kind === "attribute") return columnKey(id);
  const reduction = columnReduction(id);
  const key = quoteKey(columnKey(id));
  return `${WIRE[kind]}.${key}${reduction === "last" ? "" : `.${reduction}`}`;
}

/** The name that `runs/query` knows a column by, or null for attributes, which come with every run. */
export function wireColumn(id: ColumnId): string | null {
  const kind = columnKind(id);
  if (kind === "attribute") return null;
  const reduction = columnReduction(id);
  if (reduction === "last") return `${WIRE[kind]}.${columnKey(id)}`;
  const key = columnKey(id);
  const mark = key.includes("`") ? '"' : "`";
  return `${WIRE[kind]}.${mark}${key}${mark}.${reduction}`;
}

/** The name that `runs/groups` and `columns/stats` know a column by. */
export function statisticColumn(id: ColumnId): string {
  return wireColumn(id) ?? `attributes.${columnKey(id)}`;
}

export function sortable(id: ColumnId): boolean {
  const kind = columnKind(id);
  return kind === "attribute" ? SORTABLE_ATTRIBUTES.has(columnKey(id)) : kind !== "dataset";
}

/** Whether runs can be grouped by a column. */
export function groupable(id: ColumnId): boolean {
  return id !== "a.run_id";
}

/** A sort as the filter language writes it. */
export function orderBy(sort: Sort): string {
  const key = columnKind(sort.column) === "attribute" ? `attributes.${columnKey(sort.column)}` : termKey(sort.column);
  return `${key} ${sort.descending ? "DESC" : "ASC"}`;
}

export interface Sort {
  column: ColumnId;
  descending: boolean;
}

export const DEFAULT_SORT: Sort = { column: "a.start_time", descending: true };

const EVALUATION = /(?<![A-Za-z])(?:[Vv]al(?:id(?:ation)?)?|[Ee]val(?:uation)?|[Tt]est(?:ing)?)(?![a-z])/;

/** Whether a metric was measured on data held back from training: "val/acc", "test_loss", but not "values" or "latest". */
export function isEvaluation(key: string): boolean {
  return EVALUATION.test(key);
}

/** Metrics of evaluation first; among equals the order stays. */
export function byEvaluation(a: { key: string }, b: { key: string }): number {
  return Number(isEvaluation(b.key)) - Number(isEvaluation(a.key));
}

export function isSystemMetric(key: string): boolean {
  return key.startsWith("system/");
}

/** Tags that tools write for themselves. */
export function isHiddenTag(key: string): boolean {
  return key.startsWith("mlflow.") || key.startsWith("clew.");
}

/** Parts of a key: "test/class_3/f1" has three. */
const depth = (key: string) => key.split("/").length;

/** By how many runs have it; a headline such as "val/acc" before one of many details such as "test/class_3/f1". */
function byCoverage(a: ColumnKey, b: ColumnKey): number {
  return b.runs - a.runs || depth(a.key) - depth(b.key);
}

const varies = (column: ColumnKey) => (column.distinct ?? 0) >= 2;

/** How many param and metric columns a window of a width (px) has room for, beside the attributes. */
export function roomFor(width: number): number {
  return Math.max(2 * MIN_DEFAULT, Math.floor((width - 500) / 88));
}

/**
 * The columns shown when the address names none: status, age, duration and user; the dataset where there are several; the params that vary, by how many runs have
 * them; the goal and metrics of evaluation first; at most 8 of each, and of both together as many as there is `room` for, so
 * that params and metrics are seen at once.
 */
export function defaultColumns(known: ExperimentColumns, room: number, goal: string | null = null): ColumnId[] {
  const params = (known.params ?? []).filter(varies).toSorted(byCoverage);
  const metrics = (known.metrics ?? [])
    .filter((metric) => !isSystemMetric(metric.key))
    .toSorted((a, b) => Number(b.key === goal) - Number(a.key === goal) || byEvaluation(a, b) || byCoverage(a, b));
  const half = Math.floor(room / 2);
  const metricCount = Math.min(MAX_DEFAULT, metrics.length, Math.max(half, room - params.length));
  const paramCount = Math.min(MAX_DEFAULT, params.length, room - metricCount);
  return [
    ...DEFAULT_ATTRIBUTES.map((key) => columnId("attribute", key)),
    ...(known.datasets ?? []).filter(varies).map(({ key }) => columnId("dataset", key)),
    ...params.slice(0, paramCount).map((param) => columnId("param", param.key)),
    ...metrics.slice(0, metricCount).map((metric) => columnId("metric", metric.key)),
  ];
}

const RANK: readonly ColumnKind[] = ["attribute", "dataset", "param", "metric", "tag"];
const rank = (id: ColumnId) => RANK.indexOf(columnKind(id));

/** Columns by kind: attributes, datasets, params, metrics, tags; inside a kind as they were chosen. */
export function arrange(columns: readonly ColumnId[]): ColumnId[] {
  return columns.toSorted((a, b) => rank(a) - rank(b));
}

/** Attributes last: of groups they tell nothing, but they do of the runs in them. */
export function numbersFirst(columns: readonly ColumnId[]): ColumnId[] {
  return columns.toSorted((a, b) => Number(columnKind(a) === "attribute") - Number(columnKind(b) === "attribute"));
}

/** Adds a column after the last one of its kind, or of the kinds before it. */
export function withColumn(columns: readonly ColumnId[], id: ColumnId): ColumnId[] {
  if (columns.includes(id)) return [...columns];
  const before = columns.findLastIndex((column) => rank(column) <= rank(id));
  return columns.toSpliced(before + 1, 0, id);
}

/** Moves a column before another one, or to the end where that is null. */
export function moveColumn(columns: readonly ColumnId[], id: ColumnId, before: ColumnId | null): ColumnId[] {
  if (id === before) return [...columns];
  const others = columns.filter((column) => column !== id);
  const at = before === null ? others.length : others.indexOf(before);
  return others.toSpliced(at < 0 ? others.length : at, 0, id);
}

/** Moves a column by one place to the right (1) or to the left (-1), among those that are frozen as it is. */
export function shiftColumn(columns: readonly ColumnId[], frozen: readonly ColumnId[], id: ColumnId, by: number): ColumnId[] {
  const same = columns.filter((column) => frozen.includes(column) === frozen.includes(id));
  const other = same[same.indexOf(id) + by];
  if (other === undefined || !same.includes(id)) return [...columns];
  return by < 0 ? moveColumn(columns, id, other) : moveColumn(columns, other, id);
}

/** Shows another of a metric's values in a column's place. */
export function reduced(columns: readonly ColumnId[], id: ColumnId, reduction: Reduction): ColumnId[] {
  const next = columnId("metric", columnKey(id), reduction);
  return [...new Set(columns.map((column) => (column === id ? next : column)))];
}
