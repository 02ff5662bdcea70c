/** An axis of a chart of points, made of a column: a scale with marks, or categories side by side. */
import { formatDuration, formatNumber } from "../data/format";
import type { Column } from "../data/runtable";
import { extent, padded, scaleFor, type Scale } from "../data/scale";
import { categoryMarks, marksOf, type Mark } from "./axes";

export interface PlotAxis {
  title: string;
  /** Null for categories. */
  scale: Scale | null;
  /** In [0, 1]; NaN for what has no place. */
  place: (value: number) => number;
  marks: (length: number, language: string, upright: boolean) => readonly Mark[];
  write: (value: number, language: string) => string;
}

const ROOM = 0.05;
/** Columns hold times in ms, marks count seconds. */
const UNIT: Record<Column["kind"], number> = { number: 1, category: 1, time: 1000, duration: 1000 };

/** The scale of a column's finite values, with room at both ends. */
export function plotAxis(column: Column, log = column.decades): PlotAxis {
  if (column.kind === "category") {
    const count = Math.max(1, column.categories.length);
    return {
      title: column.label,
      scale: null,
      place: (value) => (value + 0.5) / count,
      marks: () => categoryMarks(column.categories),
      write: (value) => column.categories[value] ?? "–",
    };
  }
  const unit = UNIT[column.kind];
  const kind = column.kind === "number" ? "number" : column.kind;
  const range = extent(column.numbers, log) ?? [0, 1];
  const scale = padded(scaleFor(range[0] / unit, range[1] / unit, log), ROOM);
  return {
    title: log ? `${column.label} (log)` : column.label,
    scale,
    place: (value) => scale.place(value / unit),
    marks: (length, language, upright) => marksOf(scale, kind, length, language, upright),
    write: (value, language) =>
      column.kind === "duration"
        ? formatDuration(value, language)
        : column.kind === "time"
          ? new Date(value).toLocaleString(language)
          : formatNumber(value),
  };
}

/** An axis of texts side by side, whose places are given. */
export function labelAxis(title: string, labels: readonly string[]): PlotAxis {
  return {
    title,
    scale: null,
    place: (value) => (value + 0.5) / Math.max(1, labels.length),
    marks: () => categoryMarks(labels),
    write: (value) => labels[Math.round(value)] ?? "–",
  };
}

/** A value in words, as a column's readers expect it. */
export function writeValue(column: Column, run: number, language: string): string {
  const text = column.texts[run] ?? null;
  if (text === null) return "–";
  const value = column.numbers[run] ?? Number.NaN;
  if (column.kind === "number") return formatNumber(value);
  if (column.kind === "duration") return formatDuration(value, language);
  return column.kind === "time" ? new Date(value).toLocaleString(language) : text;
}
