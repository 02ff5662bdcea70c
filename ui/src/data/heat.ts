/** A metric over two keys: in cells, or as a smooth surface between the runs. */
import type { Column } from "./runtable";

export type HeatShow = "mean" | "best" | "count" | "surface";

export interface HeatCells {
  columns: number;
  rows: number;
  /** Row by row from the bottom; NaN where no run lies. */
  values: Float64Array;
  counts: Int32Array;
}

const BINS = 8;

/** Cells of a column: one per category, else eight. */
export const cellsOf = (column: Column) => (column.kind === "category" ? Math.max(1, column.categories.length) : BINS);

/** Runs in cells by their places in [0, 1], with one number for the metric's values of each. */
export function heatCells(
  xs: Float64Array,
  ys: Float64Array,
  values: Float64Array,
  size: readonly [columns: number, rows: number],
  show: HeatShow,
  rising: boolean,
): HeatCells {
  const [columns, rows] = size;
  const sums = new Float64Array(columns * rows);
  const best = new Float64Array(columns * rows).fill(rising ? -Infinity : Infinity);
  const counts = new Int32Array(columns * rows);
  for (const [run, value] of values.entries()) {
    const [x, y] = [xs[run] ?? Number.NaN, ys[run] ?? Number.NaN];
    if (!Number.isFinite(value) || !(x >= 0 && x <= 1) || !(y >= 0 && y <= 1)) continue;
    const cell = Math.min(rows - 1, Math.floor(y * rows)) * columns + Math.min(columns - 1, Math.floor(x * columns));
    sums[cell] = (sums[cell] ?? 0) + value;
    counts[cell] = (counts[cell] ?? 0) + 1;
    best[cell] = rising ? Math.max(best[cell] ?? value, value) : Math.min(best[cell] ?? value, value);
  }
  const result = Float64Array.from(counts, (count, cell) => {
    if (count === 0) return Number.NaN;
    if (show === "count") return count;
    return show === "best" ? (best[cell] ?? Number.NaN) : (sums[cell] ?? 0) / count;
  });
  return { columns, rows, values: result, counts };
}

/** Fewer runs make no surface. */
export const SURFACE_FROM = 20;
const SURFACE: readonly [number, number] = [48, 32];
const FAR = 0.2;

/** The metric between the runs: each place has the mean of all, nearer ones counting more (inverse squares); NaN far from any. */
export function surface(xs: Float64Array, ys: Float64Array, values: Float64Array): HeatCells {
  const [columns, rows] = SURFACE;
  const known = [...values.keys()].filter((run) => Number.isFinite(values[run]) && Number.isFinite(xs[run]) && Number.isFinite(ys[run]));
  const result = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const [x, y] = [(column + 0.5) / columns, (row + 0.5) / rows];
      let [sum, weight, least] = [0, 0, Infinity];
      for (const run of known) {
        const distance = ((xs[run] ?? 0) - x) ** 2 + ((ys[run] ?? 0) - y) ** 2;
        const own = 1 / (distance + 0.0008) ** 1.5;
        sum += own * (values[run] ?? 0);
        weight += own;
        if (distance < least) least = distance;
      }
      result[row * columns + column] = least > FAR * FAR ? Number.NaN : sum / weight;
    }
  }
  return { columns, rows, values: result, counts: new Int32Array(columns * rows).fill(1) };
}
