/** What runs can be compared by, which is what the table has columns of: params, metrics, tags, attributes and datasets. */
import { allOf, quoteText } from "./filtertext";
import { columnId, columnKey, columnKind, columnReduction, termKey, type ColumnId, type Reduction } from "./columns";
import { isNumeric } from "./format";

export type DimensionId = ColumnId;

export const DATASET_NAME = "d.name";

export function metricDimension(key: string, reduction: Reduction = "last"): DimensionId {
  return columnId("metric", key, reduction);
}

/** The name in charts: the key; with the reduction where it is not the last value. */
export function labelOf(id: DimensionId): string {
  const reduction = columnReduction(id);
  return reduction === "last" ? columnKey(id) : `${reduction}(${columnKey(id)})`;
}

/** Runs whose value lies in a range; open ends are null. Durations have no filter: null. */
export function rangeTerm(id: DimensionId, low: number | null, high: number | null): string | null {
  if (id === "a.duration") return null;
  const term = termKey(id);
  const parts = [low === null ? "" : `${term} >= ${plain(low)}`, high === null ? "" : `${term} <= ${plain(high)}`];
  return parts.filter(Boolean).join(" AND ") || null;
}

/** Six significant digits are closer than any pointer. */
const plain = (value: number) => String(Number(value.toPrecision(6)));

/** Runs whose value is one of some texts; null stands for runs without a value. */
export function valuesTerm(id: DimensionId, values: readonly (string | null)[]): string {
  const term = termKey(id);
  const texts = values.filter((value) => value !== null);
  const parts: string[] = [];
  if (columnKind(id) === "dataset") parts.push(...texts.map((text) => datasetTerm(term, text)));
  else if (texts.length) parts.push(`${term} IN (${texts.map(quoteText).join(", ")})`);
  if (texts.length < values.length) parts.push(`${term} IS NULL`);
  return parts.length > 1 ? `(${parts.join(" OR ")})` : (parts[0] ?? "");
}

/** A run of several datasets has their names in one text, joined by a comma. */
function datasetTerm(term: string, text: string): string {
  const names = text.split(", ").map((name) => `${term} = ${quoteText(name)}`);
  return names.length > 1 ? `(${names.join(" AND ")})` : (names[0] ?? "");
}

/** A filter with one more condition. */
export const bothOf = (filter: string, term: string) => allOf([filter, term]);

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
