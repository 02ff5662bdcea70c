/**
 * What runs can be compared by: a param, a metric's value, a tag, an attribute or their datasets. Named as the table names its
 * columns: "p.lr", "m.val/acc", "min.val/loss", "t.team", "a.duration", "d.name".
 */
import { isNumeric } from "./format";

export type DimensionId = string;
export type DimensionKind = "attribute" | "param" | "metric" | "tag" | "dataset";
export type Reduction = "last" | "min" | "max" | "mean";

const KINDS: Record<string, DimensionKind> = {
  a: "attribute",
  p: "param",
  m: "metric",
  min: "metric",
  max: "metric",
  mean: "metric",
  t: "tag",
  d: "dataset",
};
const WIRE: Record<DimensionKind, string> = {
  attribute: "attributes",
  param: "params",
  metric: "metrics",
  tag: "tags",
  dataset: "dataset",
};

export const DATASET_NAME = "d.name";

const prefixOf = (id: DimensionId) => id.slice(0, id.indexOf("."));

export function isDimension(text: string): boolean {
  const dot = text.indexOf(".");
  return dot > 0 && dot < text.length - 1 && Object.hasOwn(KINDS, text.slice(0, dot));
}

export const kindOf = (id: DimensionId): DimensionKind => KINDS[prefixOf(id)] ?? "attribute";
export const keyOf = (id: DimensionId): string => id.slice(id.indexOf(".") + 1);

export function reductionOf(id: DimensionId): Reduction {
  const prefix = prefixOf(id);
  return prefix === "min" || prefix === "max" || prefix === "mean" ? prefix : "last";
}

export function metricDimension(key: string, reduction: Reduction = "last"): DimensionId {
  return `${reduction === "last" ? "m" : reduction}.${key}`;
}

/** The name in charts: the key; with the reduction where it is not the last value. */
export function labelOf(id: DimensionId): string {
  const reduction = reductionOf(id);
  return reduction === "last" ? keyOf(id) : `${reduction}(${keyOf(id)})`;
}

const PLAIN = /^[A-Za-z_]\w*$/;

function quoteKey(key: string): string {
  if (PLAIN.test(key)) return key;
  return key.includes("`") ? `"${key}"` : `\`${key}\``;
}

/** As filters write it. */
export function termOf(id: DimensionId): string {
  const kind = kindOf(id);
  if (kind === "attribute") return keyOf(id);
  const reduction = reductionOf(id);
  return `${WIRE[kind]}.${quoteKey(keyOf(id))}${reduction === "last" ? "" : `.${reduction}`}`;
}

/** As `runs/query` names its columns. */
export function wireOf(id: DimensionId): string {
  const reduction = reductionOf(id);
  if (reduction === "last") return `${WIRE[kindOf(id)]}.${keyOf(id)}`;
  const mark = keyOf(id).includes("`") ? '"' : "`";
  return `metrics.${mark}${keyOf(id)}${mark}.${reduction}`;
}

/** A text in quotes, as filters want it. */
export function quoteText(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  return text.includes('"') ? `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'` : `"${text}"`;
}

/** Runs whose value lies in a range; open ends are null. Durations have no filter: null. */
export function rangeTerm(id: DimensionId, low: number | null, high: number | null): string | null {
  if (id === "a.duration") return null;
  const term = termOf(id);
  const parts = [low === null ? "" : `${term} >= ${plain(low)}`, high === null ? "" : `${term} <= ${plain(high)}`];
  return parts.filter(Boolean).join(" AND ") || null;
}

/** Six significant digits are closer than any pointer. */
const plain = (value: number) => String(Number(value.toPrecision(6)));

/** Runs whose value is one of some texts; null stands for runs without a value. */
export function valuesTerm(id: DimensionId, values: readonly (string | null)[]): string {
  const term = termOf(id);
  const texts = values.filter((value) => value !== null);
  const parts: string[] = [];
  if (kindOf(id) === "dataset") parts.push(...texts.map((text) => datasetTerm(term, text)));
  else if (texts.length) parts.push(`${term} IN (${texts.map(quoteText).join(", ")})`);
  if (texts.length < values.length) parts.push(`${term} IS NULL`);
  return parts.length > 1 ? `(${parts.join(" OR ")})` : (parts[0] ?? "");
}

/** A run of several datasets has their names in one text, joined by a comma. */
function datasetTerm(term: string, text: string): string {
  const names = text.split(", ").map((name) => `${term} = ${quoteText(name)}`);
  return names.length > 1 ? `(${names.join(" AND ")})` : (names[0] ?? "");
}

/** Filters joined by AND; empty ones are left out, those with an OR in them go into brackets. */
export function bothOf(filters: readonly string[]): string {
  const some = filters.map((filter) => filter.trim()).filter(Boolean);
  if (some.length < 2) return some[0] ?? "";
  return some.map((filter) => (/\bor\b/i.test(filter) && !isWrapped(filter) ? `(${filter})` : filter)).join(" AND ");
}

function isWrapped(filter: string): boolean {
  if (!filter.startsWith("(")) return false;
  let depth = 0;
  for (const [index, character] of [...filter].entries()) {
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (depth === 0) return index === filter.length - 1;
  }
  return false;
}

/** Whether texts are numbers, all of them. */
export function allNumeric(texts: Iterable<string | null>): boolean {
  let some = false;
  for (const text of texts) {
    if (text === null) continue;
    if (!isNumeric(text)) return false;
    some = true;
  }
  return some;
}
