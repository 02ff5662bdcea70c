/** Colours of points by a column: its own for each category, a ramp for numbers. */
import type { Column } from "../data/runtable";
import { extent, scaleFor } from "../data/scale";
import { rampColor } from "../theme/ramp";
import type { Colors } from "./useColors";

/** The share of each run's number in its column's range; NaN without one. */
export function sharesOf(column: Column): Float64Array {
  if (column.kind === "category") {
    const most = Math.max(1, column.categories.length - 1);
    return column.numbers.map((code) => code / most);
  }
  const range = extent(column.numbers, column.decades);
  if (!range) return new Float64Array(column.numbers.length).fill(Number.NaN);
  const scale = scaleFor(range[0], range[1], column.decades);
  return column.numbers.map((value) => Math.min(1, Math.max(0, scale.place(value))));
}

/** The ends of the ramp that would vanish on the page's ground are left out. */
export const shadeFor = (share: number, colors: Colors) => (colors.look === "dark" ? 0.22 + 0.78 * share : 0.85 * share);

/** One colour per run; grey without a value. More categories than colours share a ramp. */
export function colorsOf(column: Column | null, count: number, colors: Colors): string[] {
  if (!column) return Array.from({ length: count }, () => colors.series[0] ?? colors.accent);
  if (column.kind === "category" && column.categories.length <= colors.series.length) {
    return Array.from(column.numbers, (code) => (Number.isNaN(code) ? colors.grey : (colors.series[code] ?? colors.grey)));
  }
  return Array.from(sharesOf(column), (share) => (Number.isNaN(share) ? colors.grey : rampColor(shadeFor(share, colors))));
}
