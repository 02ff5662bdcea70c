/** Which keys a chart shows when nobody chose: those that the target goes with most. */
import { columnKind } from "./columns";
import { DATASET_NAME, type DimensionId } from "./dimension";
import type { Column, RunTable } from "./runtable";
import { varies } from "./parallel";

/** Runs of one bin at least: fewer explain what they do not know. */
const LEAST = 6;
const MOST_BINS = 8;

/**
 * The share of a target's variance that a column's groups explain (the correlation ratio, corrected for their number), in [0, 1].
 * Numbers of many values are put into bins of equally many runs, so that a best value in the middle counts, too.
 */
export function strength(column: Column, target: Column): number {
  const known = [...target.numbers.keys()].filter((run) => Number.isFinite(target.numbers[run]) && Number.isFinite(column.numbers[run]));
  const groups = column.kind === "category" ? byValue(column, known) : byRank(column, known);
  const count = known.length;
  if (groups.length < 2 || groups.length > count / 2) return 0;
  const valueOf = (run: number) => target.numbers[run] ?? 0;
  const mean = (runs: readonly number[]) => runs.reduce((sum, run) => sum + valueOf(run), 0) / runs.length;
  const middle = mean(known);
  const total = known.reduce((sum, run) => sum + (valueOf(run) - middle) ** 2, 0);
  const between = groups.reduce((sum, runs) => sum + runs.length * (mean(runs) - middle) ** 2, 0);
  if (!(total > 0)) return 0;
  return Math.max(0, 1 - ((1 - between / total) * (count - 1)) / (count - groups.length));
}

function byValue(column: Column, runs: readonly number[]): number[][] {
  const groups = new Map<number, number[]>();
  for (const run of runs) {
    const code = column.numbers[run] ?? 0;
    const own = groups.get(code);
    if (own) own.push(run);
    else groups.set(code, [run]);
  }
  return [...groups.values()];
}

function byRank(column: Column, runs: readonly number[]): number[][] {
  const plain = byValue(column, runs);
  const bins = Math.min(MOST_BINS, Math.floor(runs.length / LEAST));
  if (plain.length <= Math.max(2, bins)) return plain;
  const sorted = runs.toSorted((a, b) => (column.numbers[a] ?? 0) - (column.numbers[b] ?? 0));
  return Array.from({ length: bins }, (_, bin) => sorted.slice(Math.floor((bin * sorted.length) / bins), Math.floor(((bin + 1) * sorted.length) / bins)));
}

/** The inputs of the runs that vary (params and datasets), what the target goes with most first. */
export function strongest(table: RunTable, target: DimensionId): Column[] {
  const goal = table.columns.get(target);
  const inputs = [...table.columns.values()].filter((column) => {
    const kind = columnKind(column.id);
    return (kind === "param" || kind === "dataset") && varies(column);
  });
  if (!goal) return inputs;
  const power = new Map(inputs.map((column) => [column.id, strength(column, goal)]));
  return inputs.toSorted((a, b) => (power.get(b.id) ?? 0) - (power.get(a.id) ?? 0));
}

const MOST_GROUPS = 20;

/** The column that runs are put together by: their datasets where these differ, else the strongest of few values. */
export function groupingColumn(table: RunTable, target: DimensionId): Column | null {
  const datasets = table.columns.get(DATASET_NAME);
  if (datasets && varies(datasets) && datasets.categories.length <= MOST_GROUPS) return datasets;
  const columns = strongest(table, target);
  return columns.find((column) => column.kind === "category" && column.categories.length <= MOST_GROUPS) ?? columns[0] ?? null;
}
