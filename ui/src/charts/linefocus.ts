/** What the pointer is on, over the curves of a chart: changed with every move of it, so by hand and not by React. */
import { nearestIndex, type RunLine } from "../data/lines";
import { toX, toY } from "./axes";
import { curvePath, type LineFrame } from "./lineframe";
import { strokeOf, type Colors } from "./useColors";

/** The elements that are moved. They are drawn by the browser: a canvas would be copied for every frame. */
export interface FocusParts {
  drawing: SVGSVGElement;
  curve: SVGPathElement;
  /** The curve's points, where they are shown. */
  dots: SVGPathElement;
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
const MARGIN = 3;

export class LineFocus {
  private shown: string | null = null;
  private readonly byId: ReadonlyMap<string, RunLine>;

  constructor(
    private readonly parts: FocusParts,
    private readonly frame: LineFrame,
    private readonly lines: readonly RunLine[],
    private readonly look: FocusLook,
  ) {
    this.byId = new Map(lines.map((line) => [line.id, line]));
    const { cross, drawing } = parts;
    const { left, top, width, height } = frame.plot;
    cross.style.height = `${height}px`;
    const box = [left, top - MARGIN, Math.max(0, width), Math.max(0, height + 2 * MARGIN)] as const;
    drawing.setAttribute("viewBox", box.join(" "));
    for (const [name, value] of Object.entries({ left: box[0], top: box[1], width: box[2], height: box[3] })) {
      drawing.style.setProperty(name, `${value}px`);
    }
    drawing.style.display = "none";
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
    const before = next !== null && this.lines.length > 1;
    if (next !== this.shown) {
      this.shown = next;
      this.parts.drawing.style.display = before ? "" : "none";
      if (line && before) this.draw(line);
    }
    return before;
  }

  private draw(line: RunLine): void {
    const { curve, dots } = this.parts;
    const { color, dash } = strokeOf(Math.max(0, this.look.styleOf(line.id)), this.look.colors);
    const path = curvePath(this.frame, line);
    curve.setAttribute("d", path.curve);
    curve.setAttribute("stroke", color);
    curve.setAttribute("stroke-dasharray", dash.join(" "));
    dots.setAttribute("d", path.dots);
    dots.setAttribute("stroke", color);
  }
}
