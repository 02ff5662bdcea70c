/** Parallel coordinates: where each run's line meets the axes, and what brushes choose. */
import { rangeTerm, valuesTerm, type DimensionId } from "./dimension";
import type { Column } from "./runtable";
import { extent, scaleFor, type Scale } from "./scale";

export interface ParallelAxis {
  column: Column;
  /** Null for categories. */
  scale: Scale | null;
  log: boolean;
  flipped: boolean;
}

/** A chosen part of an axis, as shares of it from the bottom; [-1, -1] is the lane of runs without a value. */
export type Interval = readonly [low: number, high: number];
export type Brushes = ReadonlyMap<DimensionId, readonly Interval[]>;

export const MISSING: Interval = [-1, -1];

export function makeAxis(column: Column, flipped: boolean): ParallelAxis {
  const log = column.decades;
  const range = extent(column.numbers, log) ?? [0, 1];
  const scale = column.kind === "category" ? null : scaleFor(range[0], range[1], log);
  return { column, scale, log, flipped };
}

/** Whether an axis tells runs apart. */
export function varies(column: Column): boolean {
  if (column.kind === "category") return column.categories.length + Number(column.texts.includes(null)) > 1;
  const range = extent(column.numbers);
  return range !== null && range[1] > range[0];
}

/**
 * The place of each run on an axis, from the bottom in [0, 1]; NaN without a value. Runs of one category are spread over the
 * middle of its share, in the order of `by`, so that bands can be followed.
 */
export function placesOn(axis: ParallelAxis, by: ArrayLike<number> | null): Float64Array {
  const { column, scale, flipped } = axis;
  const turn = (place: number) => (flipped ? 1 - place : place);
  if (scale) return column.numbers.map((value) => turn(scale.place(value)));
  const count = Math.max(1, column.categories.length);
  const members: number[][] = Array.from({ length: count }, () => []);
  for (const [run, code] of column.numbers.entries()) members[code]?.push(run);
  const result = new Float64Array(column.numbers.length).fill(Number.NaN);
  for (const [code, runs] of members.entries()) {
    const order = by ? runs.toSorted((a, b) => (by[a] ?? 0) - (by[b] ?? 0)) : runs;
    for (const [rank, run] of order.entries()) {
      const inside = runs.length > 1 ? 0.2 + (0.6 * rank) / (runs.length - 1) : 0.5;
      result[run] = turn((code + inside) / count);
    }
  }
  return result;
}

/** Whether a place lies in one of an axis's intervals. */
function chosen(place: number, intervals: readonly Interval[]): boolean {
  return intervals.some(([low, high]) => (Number.isNaN(place) ? low === MISSING[0] : place >= low && place <= high));
}

/** Which runs all brushes choose. */
export function brushed(axes: readonly ParallelAxis[], places: readonly Float64Array[], brushes: Brushes): Uint8Array {
  const count = places[0]?.length ?? 0;
  const result = new Uint8Array(count).fill(1);
  for (const [index, axis] of axes.entries()) {
    const intervals = brushes.get(axis.column.id);
    const here = places[index];
    if (!intervals?.length || !here) continue;
    for (let run = 0; run < count; run += 1) if (!chosen(here[run] ?? Number.NaN, intervals)) result[run] = 0;
  }
  return result;
}

/** The categories whose middle an interval holds. */
export function categoriesIn(axis: ParallelAxis, [low, high]: Interval): string[] {
  const count = axis.column.categories.length;
  return axis.column.categories.filter((_text, code) => {
    const middle = (code + 0.5) / count;
    const place = axis.flipped ? 1 - middle : middle;
    return place >= low && place <= high;
  });
}

/** An interval that ends at the bounds of the categories that it touches. */
export function snapped(axis: ParallelAxis, [low, high]: Interval): Interval {
  const count = axis.column.categories.length;
  if (axis.scale || count === 0) return [low, high];
  return [Math.floor(low * count) / count, Math.ceil(high * count) / count];
}

/** The filter that chooses what the brushes choose; axes that filters cannot say are left out. */
export function brushFilter(axes: readonly ParallelAxis[], brushes: Brushes): string {
  const terms = axes.flatMap((axis) => {
    const intervals = brushes.get(axis.column.id);
    return intervals?.length ? [axisTerm(axis, intervals)] : [];
  });
  return terms.filter(Boolean).join(" AND ");
}

function axisTerm(axis: ParallelAxis, intervals: readonly Interval[]): string {
  const { id } = axis.column;
  const missing = intervals.some(([low]) => low === MISSING[0]);
  const ranges = intervals.filter(([low]) => low !== MISSING[0]);
  if (!axis.scale) {
    const texts = new Set(ranges.flatMap((interval) => categoriesIn(axis, interval)));
    return valuesTerm(id, missing ? [...texts, null] : [...texts]);
  }
  const { scale } = axis;
  const parts = ranges.flatMap(([low, high]) => {
    const ends = axis.flipped ? [scale.value(1 - high), scale.value(1 - low)] : [scale.value(low), scale.value(high)];
    // An interval that reaches an axis's end has no bound there: the range of the axis is what the runs have.
    const bounds = axis.flipped ? [high >= 1, low <= 0] : [low <= 0, high >= 1];
    const term = rangeTerm(id, bounds[0] ? null : (ends[0] ?? null), bounds[1] ? null : (ends[1] ?? null));
    return term ? [term] : [];
  });
  if (missing) parts.push(valuesTerm(id, [null]));
  return parts.length > 1 ? `(${parts.map((part) => (part.includes(" AND ") ? `(${part})` : part)).join(" OR ")})` : (parts[0] ?? "");
}
