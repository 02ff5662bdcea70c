/** Series of metric points as typed arrays: smoothing, reduction for small drawings, alignment for one chart. */
import type { WireSeries } from "../api/types";
import { toNumber } from "./format";

export interface Series {
  runId: string;
  key: string;
  steps: Float64Array;
  /** Milliseconds since 1970. */
  times: Float64Array;
  values: Float64Array;
}

export function readSeries(wire: WireSeries): Series {
  return {
    runId: wire.run_id,
    key: wire.key,
    steps: Float64Array.from(wire.steps ?? []),
    times: Float64Array.from(wire.times ?? []),
    values: Float64Array.from(wire.values ?? [], toNumber),
  };
}

export interface Summary {
  count: number;
  last: number;
  /** Of the finite values; NaN when there are none. */
  min: number;
  max: number;
}

export function summarize(values: Float64Array): Summary {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const none = min > max;
  return {
    count: values.length,
    last: values.at(-1) ?? Number.NaN,
    min: none ? Number.NaN : min,
    max: none ? Number.NaN : max,
  };
}

/**
 * Exponential moving average without the pull towards zero at the start. `weight` in [0, 1): 0 leaves the values as they are.
 * What is not finite stays where it is and does not touch the average.
 */
export function smooth(values: Float64Array, weight: number): Float64Array {
  if (weight <= 0) return values;
  const result = new Float64Array(values.length);
  let average = 0;
  let debias = 1;
  for (const [index, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      result[index] = value;
      continue;
    }
    average = weight * average + (1 - weight) * value;
    debias *= weight;
    result[index] = average / (1 - debias);
  }
  return result;
}

/** At most 2 × `buckets` points that keep each bucket's least and greatest value, in order of x. */
export function envelope(
  xs: Float64Array,
  values: Float64Array,
  buckets: number,
): { xs: Float64Array; values: Float64Array } {
  const count = values.length;
  if (count <= 2 * buckets) return { xs, values };
  const kept: number[] = [];
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const from = Math.floor((bucket * count) / buckets);
    const to = Math.floor(((bucket + 1) * count) / buckets);
    let low = -1;
    let high = -1;
    for (let index = from; index < to; index += 1) {
      const value = values[index] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      if (low < 0 || value < (values[low] ?? 0)) low = index;
      if (high < 0 || value > (values[high] ?? 0)) high = index;
    }
    if (low < 0) kept.push(from);
    else if (low === high) kept.push(low);
    else kept.push(Math.min(low, high), Math.max(low, high));
  }
  const pick = (source: Float64Array) => Float64Array.from(kept, (index) => source[index] ?? Number.NaN);
  return { xs: pick(xs), values: pick(values) };
}

export type XAxis = "step" | "time" | "relative";

/** The x values of a series; relative time counts from `start`, in seconds; times are seconds too, as the chart wants them. */
export function abscissa(series: Series, axis: XAxis, start: number): Float64Array {
  if (axis === "step") return series.steps;
  const origin = axis === "relative" ? start : 0;
  return series.times.map((time) => (time - origin) / 1000);
}

/** One curve over its own x values. */
export interface Curve {
  xs: Float64Array;
  values: Float64Array;
}

export type Aligned = [xs: number[], ...rows: (number | null | undefined)[][]];

/** Curves over the union of their x values. Undefined: the curve has no point there; null: a gap (not finite, or hidden). */
export function align(curves: readonly Curve[], logarithmic: boolean): Aligned {
  const union = [...new Set(curves.flatMap((curve) => [...curve.xs]))].toSorted((a, b) => a - b);
  const place = new Map(union.map((x, index) => [x, index]));
  const rows = curves.map((curve) => {
    const row: (number | null | undefined)[] = Array.from({ length: union.length });
    for (const [index, x] of curve.xs.entries()) {
      const value = curve.values[index] ?? Number.NaN;
      const drawable = Number.isFinite(value) && (!logarithmic || value > 0);
      row[place.get(x) ?? 0] = drawable ? value : null;
    }
    return row;
  });
  return [union, ...rows];
}

/** Metric keys by the part before their first "/", in order of first sight; keys without one come first under "". */
export function sections(keys: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>([["", []]]);
  for (const key of keys) {
    const slash = key.indexOf("/");
    const name = slash > 0 ? key.slice(0, slash) : "";
    const group = groups.get(name);
    if (group) group.push(key);
    else groups.set(name, [key]);
  }
  if (groups.get("")?.length === 0) groups.delete("");
  return groups;
}
