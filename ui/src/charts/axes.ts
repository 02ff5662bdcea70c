/** Axes with marks and a grid, drawn on a canvas; the room that they need is measured first. */
import { formatDuration, formatTick } from "../data/format";
import { durationTicks, ticks, type Scale } from "../data/scale";
import type { Size } from "./Layer";
import type { Colors } from "./useColors";

export const FONT = '11px system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif';

/** The part of a drawing that holds the data, in px. */
export interface Plot {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What an axis counts. "duration": seconds; "time": seconds since 1970. */
export type AxisKind = "number" | "duration" | "time";

export interface Mark {
  /** In [0, 1] along the axis. */
  place: number;
  label: string;
}

const PX_PER_MARK = 80;
const PX_PER_LINE = 42;

const zone = (seconds: number) => -60 * new Date(seconds * 1000).getTimezoneOffset();

const DAY = 86_400;

function timeLabels(marks: readonly number[], language: string): string[] {
  const step = (marks[1] ?? 0) - (marks[0] ?? 0);
  const day = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
  const clock = new Intl.DateTimeFormat(language, {
    hour: "2-digit",
    minute: "2-digit",
    ...(step < 60 ? { second: "2-digit" as const } : {}),
    hourCycle: "h23",
  });
  const long = (marks.at(-1) ?? 0) - (marks[0] ?? 0) > 1.5 * DAY;
  return marks.map((mark) => {
    const date = new Date(mark * 1000);
    if (step >= DAY) return day.format(date);
    const midnight = date.getHours() === 0 && date.getMinutes() === 0;
    return midnight && long ? day.format(date) : clock.format(date);
  });
}

/** The marks of a scale over a length in px. */
export function marksOf(scale: Scale, kind: AxisKind, length: number, language: string, upright = false): Mark[] {
  const count = Math.max(2, Math.floor(length / (upright ? PX_PER_LINE : PX_PER_MARK)));
  if (kind === "number") {
    return ticks(scale, count).map((value) => ({ place: scale.place(value), label: formatTick(value) }));
  }
  const values = durationTicks(scale.min, scale.max, count, kind === "time" ? zone(scale.min) : 0);
  const labels =
    kind === "time" ? timeLabels(values, language) : values.map((value) => formatDuration(value * 1000, language));
  return values.map((value, index) => ({ place: scale.place(value), label: labels[index] ?? "" }));
}

/** A mark for each of some texts, in the middle of its share of the axis. */
export function categoryMarks(labels: readonly string[]): Mark[] {
  return labels.map((label, index) => ({ place: (index + 0.5) / labels.length, label }));
}

const measured = document.createElement("canvas").getContext("2d");

export function textWidth(text: string): number {
  if (!measured) return text.length * 6;
  measured.font = FONT;
  return measured.measureText(text).width;
}

/** A text cut so that it is no wider than `room` px. */
export function shorten(text: string, room: number): string {
  if (textWidth(text) <= room) return text;
  let length = text.length;
  while (length > 1 && textWidth(`${text.slice(0, length)}…`) > room) length -= 1;
  return `${text.slice(0, length)}…`;
}

const TOP = 8;
const RIGHT = 12;
const MOST_LEFT = 150;

/** Room for the marks at the left and below, and for the axes' titles. */
export function plotFor(size: Size, yMarks: readonly Mark[], titles: { x?: string; y?: string } = {}): Plot {
  const widest = Math.max(16, ...yMarks.map((mark) => textWidth(mark.label)));
  const left = Math.min(MOST_LEFT, size.width * 0.4, Math.ceil(widest) + 12);
  const top = titles.y ? TOP + 16 : TOP;
  const bottom = 22 + (titles.x ? 16 : 0);
  return {
    left,
    top,
    width: Math.max(10, size.width - left - RIGHT),
    height: Math.max(10, size.height - top - bottom),
  };
}

interface AxesLook {
  x: readonly Mark[];
  y: readonly Mark[];
  titles?: { x?: string; y?: string };
  /** No lines across at these axes: categories. */
  plainX?: boolean;
  plainY?: boolean;
}

const at = (value: number) => Math.round(value) + 0.5;

/** Draws grid, marks and titles. */
export function drawAxes(pen: CanvasRenderingContext2D, plot: Plot, colors: Colors, look: AxesLook): void {
  const { left, top, width, height } = plot;
  const [right, bottom] = [left + width, top + height];
  pen.lineWidth = 1;
  pen.strokeStyle = colors.line;
  pen.beginPath();
  for (const mark of look.plainY ? [] : look.y) {
    const y = at(bottom - mark.place * height);
    pen.moveTo(left, y);
    pen.lineTo(right, y);
  }
  for (const mark of look.plainX ? [] : look.x) {
    const x = at(left + mark.place * width);
    pen.moveTo(x, top);
    pen.lineTo(x, bottom);
  }
  pen.stroke();
  pen.strokeStyle = colors.axis;
  pen.globalAlpha = 0.6;
  pen.strokeRect(at(left), at(bottom), width, 0);
  pen.globalAlpha = 1;
  pen.fillStyle = colors.muted;
  pen.font = FONT;
  drawXLabels(pen, plot, look.x);
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const mark of look.y) {
    pen.fillText(shorten(mark.label, left - 10), left - 6, bottom - mark.place * height);
  }
  if (look.titles?.x) {
    pen.textAlign = "center";
    pen.textBaseline = "bottom";
    pen.fillText(shorten(look.titles.x, width), left + width / 2, bottom + 37);
  }
  if (look.titles?.y) {
    pen.textAlign = "left";
    pen.textBaseline = "top";
    pen.fillText(shorten(look.titles.y, left + width - 8), 4, 2);
  }
}

/** Labels that would run into the one before are left out; those at the ends stay inside. */
function drawXLabels(pen: CanvasRenderingContext2D, plot: Plot, marks: readonly Mark[]): void {
  pen.textBaseline = "top";
  pen.textAlign = "left";
  let free = 0;
  const share = marks.length > 1 ? plot.width / marks.length : plot.width;
  for (const mark of marks) {
    const text = shorten(mark.label, Math.max(share - 6, 44));
    const wide = textWidth(text);
    const start = Math.min(Math.max(plot.left + mark.place * plot.width - wide / 2, 2), plot.left + plot.width + 10 - wide);
    if (start < free) continue;
    pen.fillText(text, start, plot.top + plot.height + 6);
    free = start + wide + 8;
  }
}

/** Values to px inside of a plot. */
export const toX = (plot: Plot, scale: Scale) => (value: number) => plot.left + scale.place(value) * plot.width;
export const toY = (plot: Plot, scale: Scale) => (value: number) => plot.top + (1 - scale.place(value)) * plot.height;

/** Limits the drawing to the plot, with a margin for points on its edge. */
export function clipTo(pen: CanvasRenderingContext2D, plot: Plot, margin = 3): void {
  pen.beginPath();
  pen.rect(plot.left - margin, plot.top - margin, plot.width + 2 * margin, plot.height + 2 * margin);
  pen.clip();
}
