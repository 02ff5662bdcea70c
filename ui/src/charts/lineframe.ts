/** Where the curves of a chart lie, and how they are drawn. */
import { countOutside, lowerBound, valueRange, type RunLine } from "../data/lines";
import { linear, padded, scaleFor, type Scale } from "../data/scale";
import { clipTo, drawAxes, marksOf, plotFor, toX, toY, type AxisKind, type Mark, type Plot } from "./axes";
import type { Size } from "./Layer";
import { strokeOf, type Colors } from "./useColors";

export interface LineFrame {
  plot: Plot;
  x: Scale;
  y: Scale;
  xMarks: readonly Mark[];
  yMarks: readonly Mark[];
  /** Curves that leave the drawing because outliers are cut. */
  outside: number;
}

export interface FrameWish {
  size: Size;
  lines: readonly RunLine[];
  /** The zoomed part of x, and of y. */
  range: readonly [number, number] | null;
  box: readonly [number, number] | null;
  log: boolean;
  trim: boolean;
  kind: AxisKind;
  language: string;
}

const Y_ROOM = 0.04;

/** The full width of the curves, whatever part is shown. */
export function fullX(lines: readonly RunLine[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const line of lines) {
    if (line.xs.length === 0) continue;
    low = Math.min(low, line.xs[0] ?? low);
    high = Math.max(high, line.xs.at(-1) ?? high);
  }
  return low <= high ? [low, high] : [0, 1];
}

export function frameOf(wish: FrameWish): LineFrame {
  const { size, lines, log, kind, language } = wish;
  const [from, to] = wish.range ?? fullX(lines);
  const found = wish.box ?? valueRange(lines, from, to, log, wish.trim) ?? (log ? [0.1, 1] : [0, 1]);
  const y = wish.box ? scaleFor(found[0], found[1], log) : padded(scaleFor(found[0], found[1], log), Y_ROOM);
  const yMarks = marksOf(y, "number", size.height - 30, language, true);
  const plot = plotFor(size, yMarks);
  const x = linear(from, to);
  return {
    plot,
    x,
    y,
    xMarks: marksOf(x, kind, plot.width, language),
    yMarks,
    outside: wish.trim && !wish.box ? countOutside(lines, y.min, y.max) : 0,
  };
}

/** The part of a curve that meets the frame, with one point more at each end. */
function shownPart(line: RunLine, frame: LineFrame): [number, number] {
  const from = Math.max(0, lowerBound(line.xs, frame.x.min) - 1);
  const to = Math.min(line.xs.length, lowerBound(line.xs, frame.x.max) + 2);
  return [from, to];
}

/**
 * Adds a curve to the pen's path; what is not finite breaks it, what a logarithmic scale cannot show is passed over. Calls `lonely`
 * for points without a neighbour.
 */
function trace(
  pen: Pick<CanvasRenderingContext2D, "moveTo" | "lineTo">,
  line: RunLine,
  values: Float64Array,
  frame: LineFrame,
  lonely?: (x: number, y: number) => void,
): void {
  const [x, y] = [toX(frame.plot, frame.x), toY(frame.plot, frame.y)];
  const [from, to] = shownPart(line, frame);
  let open = false;
  for (let index = from; index < to; index += 1) {
    const value = values[index] ?? Number.NaN;
    const top = y(value);
    if (!Number.isFinite(top)) {
      if (!Number.isFinite(value)) open = false;
      continue;
    }
    const left = x(line.xs[index] ?? 0);
    if (open) pen.lineTo(left, top);
    else {
      pen.moveTo(left, top);
      if (lonely && !Number.isFinite(values[index + 1] ?? Number.NaN)) lonely(left, top);
    }
    open = true;
  }
}

const DOTS_UP_TO = 24;
const CROSS = 3.5;

interface LineLook {
  colors: Colors;
  styleOf: (id: string) => number;
  /** The curve that stands out. */
  strong: string | null;
  /** Whether the values before smoothing are drawn behind. */
  ghosts: boolean;
}

/** All curves with their bands, marks and axes. */
export function paintLines(pen: CanvasRenderingContext2D, frame: LineFrame, lines: readonly RunLine[], look: LineLook): void {
  drawAxes(pen, frame.plot, look.colors, { x: frame.xMarks, y: frame.yMarks });
  pen.save();
  clipTo(pen, frame.plot);
  pen.lineJoin = "round";
  for (const line of lines) paintBand(pen, frame, line, strokeOf(look.styleOf(line.id), look.colors).color);
  if (look.ghosts) for (const line of lines) paintGhost(pen, frame, line, strokeOf(look.styleOf(line.id), look.colors).color);
  const grey = lines.filter((line) => look.styleOf(line.id) < 0);
  pen.globalAlpha = 0.5;
  strokeAll(pen, frame, grey, look);
  pen.globalAlpha = 1;
  for (const line of lines) {
    if (look.styleOf(line.id) >= 0 && line.id !== look.strong) strokeAll(pen, frame, [line], look);
  }
  const strong = lines.find((line) => line.id === look.strong);
  if (strong) strokeAll(pen, frame, [strong], look, 2.5);
  pen.restore();
  for (const line of lines) paintGaps(pen, frame, line, strokeOf(look.styleOf(line.id), look.colors).color);
}

/** A curve, and those of its points that are shown, as paths of a drawing: each point is a stroke without length. */
export function curvePath(frame: LineFrame, line: RunLine): { curve: string; dots: string } {
  const [curve, dots]: [string[], string[]] = [[], []];
  const at = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const dot = (x: number, y: number) => void dots.push(`M${at(x, y)}h0`);
  const pen = {
    moveTo: (x: number, y: number) => void curve.push(`M${at(x, y)}`),
    lineTo: (x: number, y: number) => void curve.push(`L${at(x, y)}`),
  };
  trace(pen, line, line.values, frame, dot);
  if (line.xs.length <= DOTS_UP_TO) eachPoint(line, frame, dot);
  return { curve: curve.join(""), dots: dots.join("") };
}

/** Curves of one look in one path. */
function strokeAll(
  pen: CanvasRenderingContext2D,
  frame: LineFrame,
  lines: readonly RunLine[],
  look: Pick<LineLook, "colors" | "styleOf">,
  width = 1.5,
): void {
  const first = lines[0];
  if (!first) return;
  const { color, dash } = strokeOf(look.styleOf(first.id), look.colors);
  const dots: [number, number][] = [];
  pen.strokeStyle = color;
  pen.fillStyle = color;
  pen.lineWidth = lines.length > 50 ? 1 : width;
  pen.setLineDash([...dash]);
  pen.beginPath();
  for (const line of lines) {
    trace(pen, line, line.values, frame, (x, y) => dots.push([x, y]));
    if (line.xs.length <= DOTS_UP_TO && lines.length === 1) eachPoint(line, frame, (x, y) => dots.push([x, y]));
  }
  pen.stroke();
  pen.setLineDash([]);
  pen.beginPath();
  for (const [x, y] of dots) {
    pen.moveTo(x + 2.5, y);
    pen.arc(x, y, 2.5, 0, 2 * Math.PI);
  }
  pen.fill();
}

function eachPoint(line: RunLine, frame: LineFrame, visit: (x: number, y: number) => void): void {
  const [x, y] = [toX(frame.plot, frame.x), toY(frame.plot, frame.y)];
  for (let index = 0; index < line.xs.length; index += 1) {
    const top = y(line.values[index] ?? Number.NaN);
    if (Number.isFinite(top)) visit(x(line.xs[index] ?? 0), top);
  }
}

function paintGhost(pen: CanvasRenderingContext2D, frame: LineFrame, line: RunLine, color: string): void {
  if (line.raw === line.values) return;
  pen.strokeStyle = color;
  pen.globalAlpha = 0.2;
  pen.lineWidth = 1;
  pen.beginPath();
  trace(pen, line, line.raw, frame);
  pen.stroke();
  pen.globalAlpha = 1;
}

/** The area between a group's low and high values; parts without a band are left out. */
function paintBand(pen: CanvasRenderingContext2D, frame: LineFrame, line: RunLine, color: string): void {
  const { low, high } = line;
  if (!low || !high) return;
  const [x, y] = [toX(frame.plot, frame.x), toY(frame.plot, frame.y)];
  const floor = frame.plot.top + frame.plot.height;
  const [from, to] = shownPart(line, frame);
  pen.fillStyle = color;
  pen.globalAlpha = 0.16;
  for (let start = from; start < to; ) {
    let stop = start;
    while (stop < to && Number.isFinite(high[stop]) && Number.isFinite(low[stop])) stop += 1;
    if (stop > start) {
      pen.beginPath();
      for (let index = start; index < stop; index += 1) pen.lineTo(x(line.xs[index] ?? 0), finite(y(high[index] ?? 0), floor));
      for (let index = stop - 1; index >= start; index -= 1) pen.lineTo(x(line.xs[index] ?? 0), finite(y(low[index] ?? 0), floor));
      pen.fill();
    }
    start = Math.max(stop, start + 1);
  }
  pen.globalAlpha = 1;
}

/** A logarithmic scale has no place for what is not above zero: it lies below the drawing. */
const finite = (value: number, instead: number) => (Number.isFinite(value) ? value : instead);

/** A cross at the foot where a curve is NaN, an arrow at the edge where it is infinite. */
function paintGaps(pen: CanvasRenderingContext2D, frame: LineFrame, line: RunLine, color: string): void {
  const { plot } = frame;
  const x = toX(plot, frame.x);
  const [from, to] = shownPart(line, frame);
  let before = -Infinity;
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (let index = from; index < to; index += 1) {
    const value = line.raw[index] ?? Number.NaN;
    if (Number.isFinite(value)) continue;
    const left = x(line.xs[index] ?? 0);
    if (left < plot.left || left > plot.left + plot.width || left - before < 3 * CROSS) continue;
    before = left;
    if (value === Infinity) arrow(pen, left, plot.top + 2, 1);
    else if (value === -Infinity) arrow(pen, left, plot.top + plot.height - 2, -1);
    else cross(pen, left, plot.top + plot.height - 2 * CROSS);
  }
  pen.stroke();
}

function cross(pen: CanvasRenderingContext2D, x: number, y: number): void {
  pen.moveTo(x - CROSS, y - CROSS);
  pen.lineTo(x + CROSS, y + CROSS);
  pen.moveTo(x + CROSS, y - CROSS);
  pen.lineTo(x - CROSS, y + CROSS);
}

function arrow(pen: CanvasRenderingContext2D, x: number, tip: number, down: 1 | -1): void {
  pen.moveTo(x - CROSS, tip + down * 2 * CROSS);
  pen.lineTo(x, tip);
  pen.lineTo(x + CROSS, tip + down * 2 * CROSS);
}
