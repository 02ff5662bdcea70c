import { useMemo } from "react";
import { curvePath } from "../data/curves";
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
  return curvePath([...xs], [...values], { width: WIDTH, height: HEIGHT, pad: PAD });
}
