/** What the pointer is on, over the curves of a chart: changed with every move of it, so by hand and not by React. */
import { nearestIndex, type RunLine } from "../data/lines";
import { clipTo, toX, toY } from "./axes";
import type { Size } from "./Layer";
import { strokeAll, type LineFrame } from "./lineframe";
import type { Colors } from "./useColors";

/** The elements that are moved. */
export interface FocusParts {
  canvas: HTMLCanvasElement;
  /** The upright line at the pointer's x. */
  cross: HTMLElement;
  /** The point of the curve at that x. */
  dot: HTMLElement;
}

export interface FocusLook {
  colors: Colors;
  styleOf: (id: string) => number;
}

const EDGE = 1;
const WIDTH = 2.5;

export class LineFocus {
  private shown: string | null = null;
  private readonly byId: ReadonlyMap<string, RunLine>;

  constructor(
    private readonly parts: FocusParts,
    private readonly size: Size,
    private readonly frame: LineFrame,
    private readonly lines: readonly RunLine[],
    private readonly look: FocusLook,
  ) {
    this.byId = new Map(lines.map((line) => [line.id, line]));
    const { cross, canvas } = parts;
    cross.style.height = `${frame.plot.height}px`;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    // Setting a width clears the canvas, even the same one.
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d")?.setTransform(ratio, 0, 0, ratio, 0, 0);
    canvas.hidden = true;
  }

  has(id: string | null): boolean {
    return id !== null && this.byId.has(id);
  }

  /** Puts the upright line at x, and the point on the curve that stands out. */
  at(x: number | null): void {
    const { cross, dot } = this.parts;
    const { plot } = this.frame;
    const left = x === null ? Number.NaN : toX(plot, this.frame.x)(x);
    const inside = left >= plot.left - EDGE && left <= plot.left + plot.width + EDGE;
    cross.hidden = !inside;
    if (inside) cross.style.transform = `translate(${Math.round(left)}px, ${plot.top}px)`;
    const line = this.shown === null ? undefined : this.byId.get(this.shown);
    const index = line && x !== null ? nearestIndex(line.xs, x) : -1;
    const top = line && index >= 0 ? toY(plot, this.frame.y)(line.values[index] ?? Number.NaN) : Number.NaN;
    dot.hidden = !Number.isFinite(top);
    if (line && !dot.hidden) dot.style.transform = `translate(${toX(plot, this.frame.x)(line.xs[index] ?? 0)}px, ${top}px)`;
  }

  /** Lets a curve stand out before the others; null for none. Says whether one does. */
  light(id: string | null): boolean {
    const line = id === null ? undefined : this.byId.get(id);
    const next = line?.id ?? null;
    if (next !== this.shown) {
      this.shown = next;
      const { canvas } = this.parts;
      const pen = canvas.getContext("2d");
      canvas.hidden = !line || this.lines.length < 2;
      if (pen && line && !canvas.hidden) this.paint(pen, line);
    }
    return next !== null && this.lines.length > 1;
  }

  private paint(pen: CanvasRenderingContext2D, line: RunLine): void {
    const { colors, styleOf } = this.look;
    pen.clearRect(0, 0, this.size.width, this.size.height);
    pen.save();
    clipTo(pen, this.frame.plot);
    strokeAll(pen, this.frame, [line], { colors, styleOf: (id) => Math.max(0, styleOf(id)) }, WIDTH);
    pen.restore();
  }
}
