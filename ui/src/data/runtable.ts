/** The runs that charts compare, as columns of one length. */
import type { CellValue, RunHead } from "../api/types";
import { columnKind } from "./columns";
import { allNumeric, labelOf, type DimensionId } from "./dimension";
import { extent, spansDecades } from "./scale";

export interface Column {
  id: DimensionId;
  label: string;
  /** "time": milliseconds since 1970; "duration": milliseconds. */
  kind: "number" | "category" | "time" | "duration";
  /** NaN where a run has no value, or none that is a number. For categories: their index. */
  numbers: Float64Array;
  /** As written; null where a run has none. */
  texts: readonly (string | null)[];
  /** The texts that occur, in order; of categories only. */
  categories: readonly string[];
  /** Whether a logarithmic scale shows it better. */
  decades: boolean;
}

export interface RunTable {
  runs: readonly RunHead[];
  columns: ReadonlyMap<DimensionId, Column>;
  /** Runs that match the filter; more than there are rows where the table is cut. */
  total: number;
}

const SPECIAL: Record<string, Column["kind"]> = {
  "a.start_time": "time",
  "a.end_time": "time",
  "a.duration": "duration",
};
const collator = new Intl.Collator("en", { numeric: true });

/** A column of cells as they came; `null` where a run has no value. */
export function makeColumn(id: DimensionId, cells: readonly CellValue[]): Column {
  const label = labelOf(id);
  const metric = columnKind(id) === "metric";
  const texts = cells.map((cell) => (cell === null ? null : String(cell)));
  const special = SPECIAL[id];
  if (metric || special || allNumeric(texts)) {
    const numbers = Float64Array.from(texts, (text) => (text === null ? Number.NaN : Number(text)));
    return { id, label, kind: special ?? "number", numbers, texts, categories: [], decades: !special && spansDecades(numbers) };
  }
  const categories = [...new Set(texts.filter((text) => text !== null))].toSorted(collator.compare);
  const place = new Map(categories.map((text, index) => [text, index]));
  const numbers = Float64Array.from(texts, (text) => (text === null ? Number.NaN : (place.get(text) ?? Number.NaN)));
  return { id, label, kind: "category", numbers, texts, categories, decades: false };
}

/** The groups of a column: each text, or each number where there are few; runs without a value come last, under null. */
export interface Grouping {
  labels: readonly (string | null)[];
  /** The group's number per run. */
  of: Int32Array;
  /** Numeric columns of many values: the bins' edges; one more than labels but the one of missing values. */
  edges: readonly number[] | null;
}

const MOST_PLAIN = 12;

/** Puts runs into groups: by text, by number where at most twelve differ, else into `bins` (of equal width of the logarithm where that fits). */
export function groupBy(column: Column, bins = 6, format: (value: number) => string = String): Grouping {
  const finite = [...new Set(column.numbers)].filter(Number.isFinite).toSorted((a, b) => a - b);
  if (column.kind === "category") {
    return collect([...column.categories], column.numbers, (value) => value, null);
  }
  if (finite.length <= MOST_PLAIN) {
    const place = new Map(finite.map((value, index) => [value, index]));
    return collect(finite.map(format), column.numbers, (value) => place.get(value) ?? -1, null);
  }
  const [low, high] = extent(finite) ?? [0, 1];
  const share = (index: number) =>
    column.decades ? low * (high / low) ** (index / bins) : low + ((high - low) * index) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, index) => share(index));
  const labels = Array.from({ length: bins }, (_, index) => `${format(edges[index] ?? 0)} – ${format(edges[index + 1] ?? 0)}`);
  const binOf = (value: number) => {
    if (!Number.isFinite(value)) return -1;
    const at = edges.findIndex((edge, index) => index > 0 && value < edge);
    return at < 0 ? bins - 1 : at - 1;
  };
  return collect(labels, column.numbers, binOf, edges);
}

function collect(
  labels: string[],
  numbers: Float64Array,
  groupOf: (value: number) => number,
  edges: readonly number[] | null,
): Grouping {
  const of = Int32Array.from(numbers, (value) => {
    const group = Number.isNaN(value) ? -1 : groupOf(value);
    return group < 0 ? labels.length : group;
  });
  const missing = of.includes(labels.length);
  return { labels: missing ? [...labels, null] : labels, of, edges };
}
