/** Small statistics of numbers for charts. NaN and infinities are left out by the caller unless said otherwise. */

/** The value below which a share of the sorted numbers lies, interpolated. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const [a, b] = [sorted[low] ?? Number.NaN, sorted[Math.min(low + 1, sorted.length - 1)] ?? Number.NaN];
  return a + (b - a) * (at - low);
}

export const sortedFinite = (values: Iterable<number>): Float64Array =>
  Float64Array.from([...values].filter(Number.isFinite)).toSorted();

export interface Spread {
  count: number;
  mean: number;
  /** Of the sample; 0 for one value. */
  sd: number;
  min: number;
  low: number;
  median: number;
  high: number;
  max: number;
}

/** Mean, deviation and quartiles of the finite values; null where there are none. */
export function spread(values: Iterable<number>): Spread | null {
  const sorted = sortedFinite(values);
  const count = sorted.length;
  if (count === 0) return null;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / count;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    count,
    mean,
    sd: count > 1 ? Math.sqrt(squares / (count - 1)) : 0,
    min: sorted[0] ?? Number.NaN,
    low: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    high: quantile(sorted, 0.75),
    max: sorted[count - 1] ?? Number.NaN,
  };
}

/** Ranks from 1; equal values share the mean of theirs. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, index) => index).toSorted(
    (a, b) => (values[a] ?? 0) - (values[b] ?? 0),
  );
  const result = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let place = from; place < to; place += 1) result[order[place] ?? 0] = (from + to + 1) / 2;
    from = to;
  }
  return result;
}

/** Pearson's correlation; NaN where it is not defined. */
export function correlation(left: ArrayLike<number>, right: ArrayLike<number>): number {
  const count = left.length;
  let [sumA, sumB] = [0, 0];
  for (let index = 0; index < count; index += 1) {
    sumA += left[index] ?? 0;
    sumB += right[index] ?? 0;
  }
  let [ab, aa, bb] = [0, 0, 0];
  for (let index = 0; index < count; index += 1) {
    const a = (left[index] ?? 0) - sumA / count;
    const b = (right[index] ?? 0) - sumB / count;
    ab += a * b;
    aa += a * a;
    bb += b * b;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : Number.NaN;
}

/** Spearman's rank correlation of the pairs that are both finite; NaN for fewer than three. */
export function spearman(left: ArrayLike<number>, right: ArrayLike<number>): number {
  const [a, b]: [number[], number[]] = [[], []];
  for (let index = 0; index < left.length; index += 1) {
    const [x, y] = [left[index] ?? Number.NaN, right[index] ?? Number.NaN];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    a.push(x);
    b.push(y);
  }
  return a.length < 3 ? Number.NaN : correlation(ranks(a), ranks(b));
}

const KERNEL = 0.09;
const LINE_STEPS = 60;

/** A smooth line through points, from the least x to the greatest: a straight fit at each place in which near points weigh more. */
export function kernelLine(xs: ArrayLike<number>, ys: ArrayLike<number>): [x: number, y: number][] {
  const sorted = Array.from(xs).toSorted((a, b) => a - b);
  const [low, high] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  if (!(high > low)) return [];
  const width = KERNEL * (high - low);
  return Array.from({ length: LINE_STEPS }, (_, step) => {
    const at = low + ((high - low) * step) / (LINE_STEPS - 1);
    let [weight, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
    for (let index = 0; index < xs.length; index += 1) {
      const x = (xs[index] ?? 0) - at;
      const y = ys[index] ?? 0;
      const own = Math.exp(-0.5 * (x / width) ** 2) + 1e-9;
      weight += own;
      sumX += own * x;
      sumY += own * y;
      sumXX += own * x * x;
      sumXY += own * x * y;
    }
    const below = weight * sumXX - sumX * sumX;
    // Where all near points have one x, the fit has no slope.
    return [at, below > 1e-12 * weight * weight * width * width ? (sumXX * sumY - sumX * sumXY) / below : sumY / weight];
  });
}

/** How dense values are at places: a sum of normal curves (Silverman's width), of area 1. */
export function density(values: Float64Array, at: ArrayLike<number>): Float64Array {
  const all = spread(values);
  if (!all) return new Float64Array(at.length);
  const range = all.high - all.low;
  const scale = Math.min(all.sd, range > 0 ? range / 1.34 : all.sd) || Math.abs(all.mean) * 0.01 || 1;
  const width = 0.9 * scale * all.count ** -0.2;
  return Float64Array.from({ length: at.length }, (_, place) => {
    let sum = 0;
    for (const value of values) sum += Math.exp(-0.5 * (((at[place] ?? 0) - value) / width) ** 2);
    return sum / (all.count * width * Math.sqrt(2 * Math.PI));
  });
}

/** The best value so far at each place; NaN before the first finite one. */
export function bestSoFar(values: ArrayLike<number>, maximize: boolean): Float64Array {
  const result = new Float64Array(values.length);
  let best = Number.NaN;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? Number.NaN;
    if (Number.isFinite(value) && !(maximize ? best >= value : best <= value)) best = value;
    result[index] = best;
  }
  return result;
}

/** The places of the points that no other point beats in both directions, by rising x. */
export function paretoFront(
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  maximizeX: boolean,
  maximizeY: boolean,
): number[] {
  const goodX = (index: number) => (maximizeX ? 1 : -1) * (xs[index] ?? 0);
  const goodY = (index: number) => (maximizeY ? 1 : -1) * (ys[index] ?? 0);
  const order = Array.from({ length: xs.length }, (_, index) => index)
    .filter((index) => Number.isFinite(xs[index]) && Number.isFinite(ys[index]))
    .toSorted((a, b) => goodX(b) - goodX(a) || goodY(b) - goodY(a));
  const front: number[] = [];
  let best = -Infinity;
  for (const index of order) {
    if (goodY(index) <= best) continue;
    best = goodY(index);
    front.push(index);
  }
  return front.toSorted((a, b) => (xs[a] ?? 0) - (xs[b] ?? 0));
}
