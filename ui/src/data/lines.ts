/** Curves of many runs for one chart: smoothing, bands of groups, a range without outliers, the point nearest to a pointer. */
import { smooth } from "./series";
import { extent } from "./scale";
import { quantile, sortedFinite } from "./stats";

export type Smoothing = "ema" | "mean" | "gauss";
export const SMOOTHINGS: readonly Smoothing[] = ["ema", "mean", "gauss"];

/** Points on each side that a running mean or a normal curve of an amount in [0, 1) looks at. */
export const reach = (amount: number) => Math.round(1 + amount * 50);

/** Smoothed values; amount in [0, 1), 0 for none. What is not finite stays where it is and touches no other. */
export function smoothed(values: Float64Array, kind: Smoothing, amount: number): Float64Array {
  if (amount <= 0) return values;
  if (kind === "ema") return smooth(values, amount);
  const side = reach(amount);
  const weights = Float64Array.from({ length: side + 1 }, (_, distance) =>
    kind === "mean" ? 1 : Math.exp(-0.5 * (distance / (side / 2)) ** 2),
  );
  return Float64Array.from(values, (value, index) => {
    if (!Number.isFinite(value)) return value;
    let sum = 0;
    let weight = 0;
    for (let at = Math.max(0, index - side); at <= Math.min(values.length - 1, index + side); at += 1) {
      const other = values[at] ?? Number.NaN;
      if (!Number.isFinite(other)) continue;
      const own = weights[Math.abs(at - index)] ?? 0;
      sum += own * other;
      weight += own;
    }
    return sum / weight;
  });
}

export interface RunLine {
  /** A run's id, or a group's label. */
  id: string;
  label: string;
  /** Rising. */
  xs: Float64Array;
  values: Float64Array;
  /** Before smoothing; the same array where there is none. */
  raw: Float64Array;
  /** Around a group's middle. */
  low?: Float64Array;
  high?: Float64Array;
  /** Runs of a group at each x. */
  counts?: Int32Array;
}

/** The index of the first x that is not below a value. */
export function lowerBound(xs: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] ?? 0) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of the x nearest to a value; -1 where there is none. */
export function nearestIndex(xs: ArrayLike<number>, x: number): number {
  const at = lowerBound(xs, x);
  if (at === 0) return xs.length ? 0 : -1;
  if (at === xs.length) return at - 1;
  return x - (xs[at - 1] ?? 0) <= (xs[at] ?? 0) - x ? at - 1 : at;
}

/** The value at x on the straight line between its neighbours; NaN outside of the curve and beside what is not finite. */
export function valueAt(xs: ArrayLike<number>, values: ArrayLike<number>, x: number): number {
  const at = lowerBound(xs, x);
  if (xs[at] === x) return values[at] ?? Number.NaN;
  if (at === 0 || at === xs.length) return Number.NaN;
  const [x0, x1] = [xs[at - 1] ?? 0, xs[at] ?? 0];
  const [y0, y1] = [values[at - 1] ?? Number.NaN, values[at] ?? Number.NaN];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

/** The same curve over another metric: each x is replaced by that metric's value there, and the points are put in its order. */
export function overMetric(line: RunLine, metric: { xs: Float64Array; values: Float64Array } | undefined): RunLine | null {
  if (!metric) return null;
  const places = Float64Array.from(line.xs, (x) => valueAt(metric.xs, metric.values, x));
  const order = [...places.keys()].filter((index) => Number.isFinite(places[index])).toSorted((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
  if (order.length === 0) return null;
  const pick = (source: Float64Array) => Float64Array.from(order, (index) => source[index] ?? Number.NaN);
  return { ...line, xs: pick(places), values: pick(line.values), raw: pick(line.raw) };
}

/** How runs of a group are drawn: as their middle with a band around it, or each in the group's colour. */
export type Band = "sd" | "sem" | "minmax" | "iqr" | "each";
export const BANDS: readonly Band[] = ["sd", "sem", "minmax", "iqr", "each"];
const GRID = 200;

/** The x values that a group's middle is computed at: those of its curves where they share them, else an even grid. */
function commonGrid(lines: readonly RunLine[]): Float64Array {
  const first = lines[0];
  if (!first) return new Float64Array();
  const same = lines.every((line) => line.xs.length === first.xs.length && line.xs.every((x, index) => x === first.xs[index]));
  if (same) return first.xs;
  const union = new Set<number>();
  for (const line of lines) for (const x of line.xs) union.add(x);
  if (union.size <= 2 * GRID) return Float64Array.from(union).toSorted();
  const [low, high] = extent(union) ?? [0, 1];
  return Float64Array.from({ length: GRID }, (_, index) => low + ((high - low) * index) / (GRID - 1));
}

/** The middle of curves (the mean; the median for iqr) with a band around it where there are two or more. */
export function bandOf(id: string, label: string, lines: readonly RunLine[], band: Band): RunLine {
  const xs = commonGrid(lines);
  const [values, low, high] = [0, 1, 2].map(() => new Float64Array(xs.length).fill(Number.NaN)) as [Float64Array, Float64Array, Float64Array];
  const counts = new Int32Array(xs.length);
  for (const [index, x] of xs.entries()) {
    const here = sortedFinite(lines.map((line) => valueAt(line.xs, line.values, x)));
    const count = here.length;
    counts[index] = count;
    if (count === 0) continue;
    const mean = here.reduce((sum, value) => sum + value, 0) / count;
    values[index] = band === "iqr" ? quantile(here, 0.5) : mean;
    if (count < 2) continue;
    const sd = Math.sqrt(here.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
    const half = band === "sem" ? sd / Math.sqrt(count) : sd;
    low[index] = band === "minmax" ? (here[0] ?? mean) : band === "iqr" ? quantile(here, 0.25) : mean - half;
    high[index] = band === "minmax" ? (here[count - 1] ?? mean) : band === "iqr" ? quantile(here, 0.75) : mean + half;
  }
  return { id, label, xs, values, raw: values, low, high, counts };
}

const SAMPLE = 40_000;
const TRIM = 0.02;

function* visible(lines: readonly RunLine[], from: number, to: number, log: boolean, every: number): Generator<number> {
  for (const line of lines) {
    for (let index = lowerBound(line.xs, from); index < line.xs.length && (line.xs[index] ?? 0) <= to; index += every) {
      const value = line.values[index] ?? Number.NaN;
      if (!Number.isFinite(value) || (log && value <= 0)) continue;
      yield value;
      for (const edge of [line.low?.[index], line.high?.[index]]) {
        if (edge !== undefined && Number.isFinite(edge) && (!log || edge > 0)) yield edge;
      }
    }
  }
}

/** How far beyond the middle 96 % values still belong to the rest, as a share of their width. */
const SLACK = 0.25;

/**
 * The range of what is seen between two x values; null where nothing is. With `trim` what lies far beyond the middle 96 % of it is
 * left out, so that a run that diverged does not flatten the others.
 */
export function valueRange(
  lines: readonly RunLine[],
  from: number,
  to: number,
  log: boolean,
  trim: boolean,
): [number, number] | null {
  const whole = extent(visible(lines, from, to, log, 1));
  if (!trim || !whole) return whole;
  const points = lines.reduce((sum, line) => sum + line.xs.length, 0);
  const sorted = sortedFinite(visible(lines, from, to, log, Math.max(1, Math.floor(points / SAMPLE))));
  const [low, high] = [quantile(sorted, TRIM), quantile(sorted, 1 - TRIM)];
  const room = SLACK * (high - low);
  return low < high ? [Math.max(whole[0], low - room), Math.min(whole[1], high + room)] : whole;
}

/** Curves of which a part lies outside of a range. */
export function countOutside(lines: readonly RunLine[], low: number, high: number): number {
  return lines.filter((line) => line.values.some((value) => value < low || value > high)).length;
}

/** Points that a logarithmic scale cannot show. */
export function countHidden(lines: readonly RunLine[]): number {
  let hidden = 0;
  for (const line of lines) for (const value of line.values) if (value <= 0) hidden += 1;
  return hidden;
}

export interface Near {
  line: number;
  /** Index of the point. */
  index: number;
  /** Pixels from the pointer. */
  distance: number;
}

/** Each curve's point at a pointer's x, the nearest first. `x`, `y` in px; `toX`, `toY` make px of values. */
export function nearLines(
  lines: readonly RunLine[],
  x: number,
  y: number,
  valueX: number,
  toX: (value: number) => number,
  toY: (value: number) => number,
): Near[] {
  const found: Near[] = [];
  for (const [number, line] of lines.entries()) {
    const index = nearestIndex(line.xs, valueX);
    if (index < 0) continue;
    const top = toY(line.values[index] ?? Number.NaN);
    const left = toX(line.xs[index] ?? Number.NaN);
    if (!Number.isFinite(top) || !Number.isFinite(left)) continue;
    found.push({ line: number, index, distance: Math.hypot((left - x) / 2, top - y) });
  }
  return found.toSorted((a, b) => a.distance - b.distance);
}
