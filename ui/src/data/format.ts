/** Numbers, times and sizes as people read them. Every function takes what it needs: no globals. */
import type { WireNumber } from "../api/types";

/** The double that the wire's number or string stands for. */
export function toNumber(value: WireNumber | string): number {
  return typeof value === "number" ? value : Number(value);
}

const INTEGER_LIMIT = 1e9;

/** Four significant digits; integers below 1e9 in full; very large or small values as 1.234e-5. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < INTEGER_LIMIT) return minus(String(value));
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return minus(value.toExponential(3).replace("e+", "e"));
  if (size >= 1e4) return minus(String(Math.round(value)));
  return minus(value.toPrecision(4));
}

/** A number on an axis: as `formatNumber`, without zeros at the end. */
export function formatTick(value: number): string {
  return trimZeros(formatNumber(value));
}

function trimZeros(text: string): string {
  return text.replace(/(\.\d*?)0+($|e)/, "$1$2").replace(/\.($|e)/, "$1");
}

function minus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}

/** A number below zero as its size after a true minus sign, as `formatNumber` has it. */
export function formatSigned(value: number, format: (size: number) => string): string {
  return value < 0 ? `−${format(-value)}` : format(value);
}

const NUMERIC = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Whether a param's text is a finite decimal number. */
export function isNumeric(text: string): boolean {
  return NUMERIC.test(text) && Number.isFinite(Number(text));
}

const PARAM_DIGITS = 8;

/** A param as the table shows it: short numbers as they were written, long ones shortened. */
export function formatParam(text: string): string {
  if (text.length <= PARAM_DIGITS || !isNumeric(text)) return text;
  const value = Number(text);
  return formatTick(value);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH = 30.44 * DAY;
const YEAR = 365.25 * DAY;

const AGE_UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["year", YEAR],
  ["month", MONTH],
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
];

const relative = new Map<string, Intl.RelativeTimeFormat>();

/** How long ago `then` was: "3h ago", "yesterday", "now" in the language's own shortest words. */
export function formatAge(then: number, now: number, locale: string): string {
  let words = relative.get(locale);
  if (!words) {
    words = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "narrow" });
    relative.set(locale, words);
  }
  const passed = now - then;
  for (const [unit, size] of AGE_UNITS) {
    if (Math.abs(passed) >= size) return words.format(-Math.trunc(passed / size), unit);
  }
  return words.format(0, "second");
}

type DurationUnit = "day" | "hour" | "minute" | "second" | "millisecond";

const units = new Map<string, Intl.NumberFormat>();

function withUnit(value: number, unit: DurationUnit, locale: string, digits = 0): string {
  const name = `${locale} ${unit} ${digits}`;
  let words = units.get(name);
  if (!words) {
    words = new Intl.NumberFormat(locale, {
      style: "unit",
      unit,
      unitDisplay: "narrow",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    units.set(name, words);
  }
  return words.format(value);
}

/** A span of time in the language's shortest units: "820ms", "5.3s", "3m 20s", "2h 5m", "4d 3h". */
export function formatDuration(ms: number, locale: string): string {
  if (ms < 0) return "–";
  if (ms < SECOND) return withUnit(Math.round(ms), "millisecond", locale);
  if (ms < 10 * SECOND) return withUnit(ms / SECOND, "second", locale, 1);
  if (ms < MINUTE) return withUnit(Math.floor(ms / SECOND), "second", locale);
  if (ms < HOUR) return pair(ms, [MINUTE, "minute"], [SECOND, "second"], locale);
  if (ms < DAY) return pair(ms, [HOUR, "hour"], [MINUTE, "minute"], locale);
  return pair(ms, [DAY, "day"], [HOUR, "hour"], locale);
}

type Sized = readonly [size: number, unit: DurationUnit];

function pair(ms: number, large: Sized, small: Sized, locale: string): string {
  const rest = Math.floor((ms % large[0]) / small[0]);
  const whole = withUnit(Math.floor(ms / large[0]), large[1], locale);
  return rest ? `${whole} ${withUnit(rest, small[1], locale)}` : whole;
}

/** A file size: "812 B", "1.4 MB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  const sizes = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < sizes.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${sizes[unit]}`;
}

/** A count with the language's own grouping: 12,431. */
export function formatCount(count: number, locale: string): string {
  return count.toLocaleString(locale);
}

const times = new Map<string, Intl.DateTimeFormat>();

/** A full date and time in the reader's zone. */
export function formatTime(ms: number, locale: string): string {
  let words = times.get(locale);
  if (!words) {
    words = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
    times.set(locale, words);
  }
  return words.format(ms);
}
