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

function minus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
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
  return Number.isInteger(value) ? formatNumber(value) : formatNumber(value).replace(/(\.\d*?)0+($|e)/, "$1$2").replace(/\.($|e)/, "$1");
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

/** How long ago `then` was: "3 hr. ago", "yesterday", "now" in the language's own short words. */
export function formatAge(then: number, now: number, locale: string): string {
  let words = relative.get(locale);
  if (!words) {
    words = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
    relative.set(locale, words);
  }
  const passed = now - then;
  for (const [unit, size] of AGE_UNITS) {
    if (Math.abs(passed) >= size) return words.format(-Math.trunc(passed / size), unit);
  }
  return words.format(0, "second");
}

/** A span of time: "820 ms", "5.3 s", "3 m 20 s", "2 h 5 m", "4 d 3 h". */
export function formatDuration(ms: number): string {
  if (ms < 0) return "–";
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return pair(ms, MINUTE, "m", SECOND, "s");
  if (ms < DAY) return pair(ms, HOUR, "h", MINUTE, "m");
  return pair(ms, DAY, "d", HOUR, "h");
}

function pair(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const whole = `${Math.floor(ms / large)} ${largeName}`;
  return rest ? `${whole} ${rest} ${smallName}` : whole;
}

/** A file size: "812 B", "1.4 MB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A count with the language's own grouping: 12,431. */
export function formatCount(count: number, locale: string): string {
  return count.toLocaleString(locale);
}

/** A full date and time in the reader's zone. */
export function formatTime(ms: number, locale: string): string {
  return new Date(ms).toLocaleString(locale, { dateStyle: "medium", timeStyle: "medium" });
}
