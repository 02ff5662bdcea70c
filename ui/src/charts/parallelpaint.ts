/** How parallel coordinates are drawn. */
import { formatDuration, formatTick } from "../data/format";
import { MISSING, type Brushes, type Interval, type ParallelAxis } from "../data/parallel";
import { ticks } from "../data/scale";
import { rampBytes } from "../theme/ramp";
import { FONT, shorten } from "./axes";
import type { Size } from "./Layer";
import { addLine } from "./rasterize";
import { shadeFor } from "./shades";
import type { Colors } from "./useColors";

const TOP = 34;
const BOTTOM = 34;
const SIDE = 24;
export const LANE = 16;

export interface Frame {
  /** Of each axis, in px. */
  lefts: readonly number[];
  top: number;
  height: number;
  /** The lane of runs without a value. */
  lane: number;
}

export function frameOf(size: Size, axes: readonly ParallelAxis[]): Frame {
  const first = axes[0]?.scale ? 44 : 70;
  const last = axes.at(-1)?.scale ? 44 : 84;
  const wide = size.width - SIDE - first - last;
  return {
    lefts: axes.map((_, index) => SIDE / 2 + first + (axes.length > 1 ? (wide * index) / (axes.length - 1) : wide / 2)),
    top: TOP,
    height: Math.max(20, size.height - TOP - BOTTOM - LANE),
    lane: size.height - BOTTOM,
  };
}

const bytesOf = (color: string): [number, number, number] => {
  const hex = color.replace("#", "");
  return [0, 2, 4].map((start) => Number.parseInt(hex.slice(start, start + 2), 16)) as [number, number, number];
};

/** All runs: those that the brushes leave out grey and behind. */
export function paintRuns(
  pen: CanvasRenderingContext2D,
  size: Size,
  frame: Frame,
  places: readonly Float64Array[],
  chosen: Uint8Array,
  shades: Float64Array,
  colors: Colors,
  yOf: (place: number) => number,
): void {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  const image = new ImageData(width, height);
  const raster = { width, height, bytes: image.data };
  const grey = bytesOf(colors.grey);
  const kept = chosen.reduce((sum, one) => sum + one, 0);
  const alpha = Math.min(0.9, Math.max(0.12, 60 / Math.max(1, kept)));
  const all = kept === chosen.length;
  const draw = (run: number, color: readonly [number, number, number], strength: number) => {
    for (let axis = 1; axis < places.length; axis += 1) {
      addLine(
        raster,
        (frame.lefts[axis - 1] ?? 0) * ratio,
        yOf(places[axis - 1]?.[run] ?? Number.NaN) * ratio,
        (frame.lefts[axis] ?? 0) * ratio,
        yOf(places[axis]?.[run] ?? Number.NaN) * ratio,
        color,
        strength,
      );
    }
  };
  if (!all) for (let run = 0; run < chosen.length; run += 1) if (!chosen[run]) draw(run, grey, 0.1);
  for (let run = 0; run < chosen.length; run += 1) {
    if (!chosen[run]) continue;
    const shade = shades[run] ?? Number.NaN;
    draw(run, Number.isNaN(shade) ? grey : rampBytes(shadeFor(shade, colors)), alpha);
  }
  pen.putImageData(image, 0, 0);
}

export function paintRun(
  pen: CanvasRenderingContext2D,
  frame: Frame,
  places: readonly Float64Array[],
  run: number,
  colors: Colors,
  yOf: (place: number) => number,
): void {
  pen.strokeStyle = colors.text;
  pen.lineWidth = 2;
  pen.beginPath();
  for (const [axis, left] of frame.lefts.entries()) pen.lineTo(left, yOf(places[axis]?.[run] ?? Number.NaN));
  pen.stroke();
}

function axisMarks(axis: ParallelAxis, height: number, language: string): { place: number; label: string }[] {
  const { column, scale, flipped } = axis;
  const turn = (place: number) => (flipped ? 1 - place : place);
  if (!scale) {
    const count = column.categories.length;
    const every = Math.max(1, Math.ceil((count * 14) / height));
    return column.categories
      .map((label, code) => ({ place: turn((code + 0.5) / count), label }))
      .filter((_mark, code) => code % every === 0);
  }
  const write = (value: number) => {
    if (column.kind === "time") return new Date(value).toLocaleDateString(language, { month: "short", day: "numeric" });
    return column.kind === "duration" ? formatDuration(value, language) : formatTick(value);
  };
  // Between two whole numbers of a key that has only such there is nothing.
  const whole = column.numbers.every((value) => !Number.isFinite(value) || Number.isInteger(value));
  const marks = ticks(scale, Math.max(2, Math.floor(height / 40))).filter((value) => !whole || Number.isInteger(value));
  return marks.map((value) => ({ place: turn(scale.place(value)), label: write(value) }));
}

export function paintAxis(
  pen: CanvasRenderingContext2D,
  frame: Frame,
  axis: ParallelAxis,
  index: number,
  colors: Colors,
  language: string,
  last: boolean,
): void {
  const left = Math.round(frame.lefts[index] ?? 0) + 0.5;
  pen.strokeStyle = colors.axis;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(left, frame.top);
  pen.lineTo(left, frame.top + frame.height);
  pen.stroke();
  pen.font = FONT;
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  const room = last ? 90 : Math.max(30, (frame.lefts[index + 1] ?? 0) - left - 14);
  const write = (text: string, y: number) => {
    const short = shorten(text, Math.min(room, 110));
    const x = last ? left + 7 : left + 6;
    pen.strokeStyle = colors.raised;
    pen.lineWidth = 3;
    pen.globalAlpha = 0.85;
    pen.strokeText(short, x, y);
    pen.globalAlpha = 1;
    pen.fillStyle = colors.text;
    pen.fillText(short, x, y);
  };
  pen.textAlign = "left";
  for (const mark of axisMarks(axis, frame.height, language)) {
    const y = frame.top + (1 - mark.place) * frame.height;
    pen.fillStyle = colors.axis;
    pen.fillRect(left - 2.5, y - 0.5, 5, 1);
    write(mark.label, y);
  }
  if (axis.column.texts.includes(null)) {
    pen.fillStyle = colors.axis;
    pen.fillRect(left - 3, frame.lane - 0.5, 6, 1);
    write("–", frame.lane);
  }
}

export function paintBrushes(
  pen: CanvasRenderingContext2D,
  frame: Frame,
  axes: readonly ParallelAxis[],
  brushes: Brushes,
  drag: { axis: number; from: number; to: number } | null,
  colors: Colors,
): void {
  const box = (left: number, [low, high]: Interval) => {
    const missing = low === MISSING[0];
    const top = missing ? frame.lane - LANE / 2 : frame.top + (1 - high) * frame.height;
    const tall = missing ? LANE : Math.max(3, (high - low) * frame.height);
    pen.fillStyle = colors.accent;
    pen.globalAlpha = 0.22;
    pen.fillRect(left - 8, top, 16, tall);
    pen.globalAlpha = 1;
    pen.strokeStyle = colors.accent;
    pen.lineWidth = 1;
    pen.strokeRect(Math.round(left) - 7.5, Math.round(top) + 0.5, 15, Math.round(tall));
  };
  for (const [index, axis] of axes.entries()) {
    for (const interval of brushes.get(axis.column.id) ?? []) box(frame.lefts[index] ?? 0, interval);
  }
  if (drag) box(frame.lefts[drag.axis] ?? 0, [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)]);
}
