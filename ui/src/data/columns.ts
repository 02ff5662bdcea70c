/** Columns of the runs table: their names on the wire and in the address, and which are shown at first. */
import type { ColumnKey, ExperimentColumns } from "../api/types";

export type ColumnKind = "attribute" | "param" | "metric" | "tag";

/** A column is named by its kind's letter and key: "a.status", "p.lr", "m.val/acc", "t.team". */
export type ColumnId = string;

const LETTERS: Record<ColumnKind, string> = { attribute: "a", param: "p", metric: "m", tag: "t" };
const KINDS: Record<string, ColumnKind> = { a: "attribute", p: "param", m: "metric", t: "tag" };
const WIRE: Record<ColumnKind, string> = { attribute: "attributes", param: "params", metric: "metrics", tag: "tags" };

/** The attributes that have columns, in their order. The name is always there. */
export const ATTRIBUTES = ["status", "start_time", "duration", "user_id", "run_id"] as const;
const DEFAULT_ATTRIBUTES = ["status", "start_time", "duration", "user_id"];
/** Attributes that the server can sort by. */
const SORTABLE_ATTRIBUTES = new Set(["run_name", "status", "start_time", "user_id", "run_id"]);
const MAX_DEFAULT = 8;
const MIN_DEFAULT = 3;

export function columnId(kind: ColumnKind, key: string): ColumnId {
  return `${LETTERS[kind]}.${key}`;
}

export function columnKind(id: ColumnId): ColumnKind {
  return KINDS[id.slice(0, 1)] ?? "attribute";
}

export function columnKey(id: ColumnId): string {
  return id.slice(2);
}

export function isColumnId(text: string): boolean {
  return text.length > 2 && text[1] === "." && text.slice(0, 1) in KINDS;
}

/** The name that `runs/query` knows a column by, or null for attributes, which come with every run. */
export function wireColumn(id: ColumnId): string | null {
  const kind = columnKind(id);
  return kind === "attribute" ? null : `${WIRE[kind]}.${columnKey(id)}`;
}

export function sortable(id: ColumnId): boolean {
  return columnKind(id) !== "attribute" || SORTABLE_ATTRIBUTES.has(columnKey(id));
}

const PLAIN = /^[A-Za-z_]\w*$/;

/** A key as the filter language writes it: bare where it can be, else in back-ticks or quotes. */
export function quoteKey(key: string): string {
  if (PLAIN.test(key)) return key;
  return key.includes("`") ? `"${key}"` : `\`${key}\``;
}

/** A sort as the filter language writes it. */
export function orderBy(sort: Sort): string {
  return `${WIRE[columnKind(sort.column)]}.${quoteKey(columnKey(sort.column))} ${sort.descending ? "DESC" : "ASC"}`;
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

/** How many param and metric columns a window of a width (px) has room for, beside the attributes. */
export function roomFor(width: number): number {
  return Math.max(2 * MIN_DEFAULT, Math.floor((width - 500) / 88));
}

/**
 * The columns shown when the address names none: status, age, duration and user; the params that vary, by how many runs have
 * them; metrics of evaluation first; at most 8 of each, and of both together as many as there is `room` for, so that params
 * and metrics are seen at once.
 */
export function defaultColumns(known: ExperimentColumns, room: number): ColumnId[] {
  const params = (known.params ?? []).filter((param) => (param.distinct ?? 0) >= 2).toSorted(byCoverage);
  const metrics = (known.metrics ?? [])
    .filter((metric) => !isSystemMetric(metric.key))
    .toSorted((a, b) => byEvaluation(a, b) || byCoverage(a, b));
  const half = Math.floor(room / 2);
  const metricCount = Math.min(MAX_DEFAULT, metrics.length, Math.max(half, room - params.length));
  const paramCount = Math.min(MAX_DEFAULT, params.length, room - metricCount);
  return [
    ...DEFAULT_ATTRIBUTES.map((key) => columnId("attribute", key)),
    ...params.slice(0, paramCount).map((param) => columnId("param", param.key)),
    ...metrics.slice(0, metricCount).map((metric) => columnId("metric", metric.key)),
  ];
}

/** Columns in the table's order: attributes, params, metrics, tags; inside a kind as they were chosen. */
export function arrange(columns: readonly ColumnId[]): ColumnId[] {
  const rank = ["attribute", "param", "metric", "tag"];
  return columns.toSorted((a, b) => rank.indexOf(columnKind(a)) - rank.indexOf(columnKind(b)));
}
