import { useMemo } from "react";
import { envelope } from "../data/series";

const WIDTH = 120;
const HEIGHT = 32;
const PAD = 2;
const BUCKETS = 40;

/** A curve without axes, in the colour of the text around it. Decoration: the numbers stand beside it. */
export function Sparkline({ xs, values }: { xs: Float64Array; values: Float64Array }) {
  const path = useMemo(() => sparkPath(xs, values), [xs, values]);
  if (!path) return null;
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

/** The path of a curve scaled to the drawing; empty with fewer than two finite points. Breaks at what is not finite. */
export function sparkPath(allXs: Float64Array, allValues: Float64Array): string {
  const { xs, values } = envelope(allXs, allValues, BUCKETS);
  const finite = values.filter(Number.isFinite);
  if (finite.length < 2) return "";
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const [left, right] = [xs[0] ?? 0, xs.at(-1) ?? 1];
  const place = (value: number, from: number, to: number, size: number) =>
    to > from ? PAD + ((value - from) / (to - from)) * (size - 2 * PAD) : size / 2;
  let pen = "M";
  let path = "";
  for (const [index, value] of values.entries()) {
    if (!Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    const x = place(xs[index] ?? 0, left, right, WIDTH);
    const y = HEIGHT - place(value, low, high, HEIGHT);
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return path;
}
