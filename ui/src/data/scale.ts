/** Scales of drawings: values to places in [0, 1], and the marks along them. */

export interface Scale {
  logarithmic: boolean;
  min: number;
  max: number;
  /** The share of the way from min to max; NaN for what the scale cannot show. */
  place: (value: number) => number;
  /** The value at a share of the way. */
  value: (share: number) => number;
}

/** A range that has a width: a single value gets room on both sides. */
function widened(min: number, max: number): [number, number] {
  if (max > min) return [min, max];
  const room = Math.abs(min) * 0.1 || 1;
  return [min - room, max + room];
}

export function linear(least: number, most: number): Scale {
  const [min, max] = widened(least, most);
  return {
    logarithmic: false,
    min,
    max,
    place: (value) => (value - min) / (max - min),
    value: (share) => min + share * (max - min),
  };
}

/** Both ends must be above zero; a single value gets half a decade on both sides. */
export function logarithmic(least: number, most: number): Scale {
  const [min, max] = most > least ? [least, most] : [least / 3, most * 3];
  const [low, high] = [Math.log(min), Math.log(max)];
  return {
    logarithmic: true,
    min,
    max,
    place: (value) => (value > 0 ? (Math.log(value) - low) / (high - low) : Number.NaN),
    value: (share) => Math.exp(low + share * (high - low)),
  };
}

/** The scale for a range; logarithmic only where all of it is above zero. */
export function scaleFor(min: number, max: number, log: boolean): Scale {
  return log && min > 0 ? logarithmic(min, max) : linear(min, max);
}

/** A scale with some room at both ends, as a share of its width. */
export function padded(scale: Scale, room: number): Scale {
  return (scale.logarithmic ? logarithmic : linear)(scale.value(-room), scale.value(1 + room));
}

const NICE = [1, 2, 5, 10];

/** About `count` round numbers in a range. */
export function linearTicks(min: number, max: number, count: number): number[] {
  const rough = (max - min) / Math.max(1, count);
  if (!(rough > 0) || !Number.isFinite(rough)) return [min];
  const power = 10 ** Math.floor(Math.log10(rough));
  // A quarter more marks than asked for are better than half of them.
  const step = power * (NICE.find((size) => size * power >= 0.75 * rough) ?? 10);
  return multiples(min, max, step);
}

function multiples(min: number, max: number, step: number): number[] {
  const marks: number[] = [];
  const last = Math.floor(max / step + 1e-9);
  for (let index = Math.ceil(min / step - 1e-9); index <= last; index += 1) {
    // A product of floats is not round: 3 × 0.1.
    marks.push(Number((index * step).toPrecision(12)));
  }
  return marks;
}

/** Powers of ten, or their 1-2-5 parts where the range has few; linear marks in a range narrower than a factor of 3. */
export function logTicks(min: number, max: number, count: number): number[] {
  const decades = Math.log10(max / min);
  if (decades < 0.5) return linearTicks(min, max, count);
  const stride = Math.max(1, Math.ceil(decades / Math.max(1, count)));
  const parts = decades <= count / 3 ? [1, 2, 5] : [1];
  const marks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += 1) {
    if (power % stride !== 0) continue;
    for (const part of parts) {
      const mark = Number((part * 10 ** power).toPrecision(12));
      if (mark >= min * (1 - 1e-9) && mark <= max * (1 + 1e-9)) marks.push(mark);
    }
  }
  return marks.length > 1 ? marks : linearTicks(min, max, count);
}

export function ticks(scale: Scale, count: number): number[] {
  return (scale.logarithmic ? logTicks : linearTicks)(scale.min, scale.max, count);
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Steps between marks of a duration, in seconds: round in its own units. */
const DURATIONS = [
  [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  [1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  [1, 2, 3, 6, 12].map((count) => count * HOUR),
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map((count) => count * DAY),
].flat();

/** Marks of a range in seconds, about `count`. `offset`: seconds that the reader's clock is ahead of UTC, for times of day. */
export function durationTicks(min: number, max: number, count: number, offset = 0): number[] {
  const rough = (max - min) / Math.max(1, count);
  const step = DURATIONS.find((size) => size >= rough);
  if (step === undefined) return linearTicks(min, max, count);
  return multiples(min + offset, max + offset, step).map((mark) => mark - offset);
}

/** The least and greatest finite value; null where there is none. With `log` only values above zero count. */
export function extent(values: Iterable<number>, log = false): [number, number] | null {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/**
 * Whether values are better shown on a logarithmic scale: all above zero, the greatest over 100 times the least, and half of them
 * in the lowest fifth of the range.
 */
export function spansDecades(values: Iterable<number>): boolean {
  const finite = [...values].filter(Number.isFinite).toSorted((a, b) => a - b);
  const [low, middle, high] = [finite[0] ?? 0, finite[finite.length >> 1] ?? 0, finite.at(-1) ?? 0];
  return low > 0 && high / low > 100 && middle < 0.2 * high;
}
