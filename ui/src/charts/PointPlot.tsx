import { useCallback, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent, type ReactNode } from "react";
import { hover } from "../data/hover";
import { useWords } from "../i18n/language";
import { clipTo, drawAxes, plotFor, type Plot } from "./axes";
import { Layer, useSize, type Paint } from "./Layer";
import type { PlotAxis } from "./plotaxis";
import { Tip } from "./Tip";
import { useColors, type Colors } from "./useColors";
import "./charts.css";

/** Points as columns. Places are shares of the plot from its left and its bottom; NaN for what is not drawn. */
export interface Points {
  ids: readonly string[];
  xs: Float64Array;
  ys: Float64Array;
  colors: readonly string[];
  /** In px. */
  radius: (index: number) => number;
}

/** A chosen rectangle, in shares of the plot. */
export interface Region {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

interface PointPlotProps {
  x: PlotAxis;
  y: PlotAxis;
  points: Points;
  label: string;
  strong?: string | null;
  /** Draws behind the points, and before them. */
  under?: (pen: CanvasRenderingContext2D, plot: Plot, colors: Colors) => void;
  over?: (pen: CanvasRenderingContext2D, plot: Plot, colors: Colors) => void;
  renderTip: (index: number) => ReactNode;
  onOpen?: (id: string) => void;
  /** Dragging a rectangle chooses the points in it; what is told then stands in the corner. */
  renderChoice?: (region: Region) => ReactNode;
  alpha?: number;
}

const NEAR = 14;
const LEAST_DRAG = 6;
const at = (plot: Plot, x: number, y: number): [number, number] => [plot.left + x * plot.width, plot.top + (1 - y) * plot.height];

/** Points over two axes. The nearest one tells about itself; a click opens its run. */
export function PointPlot(props: PointPlotProps) {
  const { x, y, points, under, over, alpha = 0.75, strong = null, onOpen, renderChoice } = props;
  const { t, language } = useWords();
  const root = useRef<HTMLDivElement>(null);
  const size = useSize(root);
  const colors = useColors();
  const source = useId();
  const lit = useSyncExternalStore(hover.subscribeLit, hover.lit);
  const [pointer, setPointer] = useState<{ x: number; y: number } | null>(null);
  const [start, setStart] = useState<{ x: number; y: number } | null>(null);
  const [region, setRegion] = useState<Region | null>(null);
  const [walked, setWalked] = useState(-1);

  const frame = useMemo(() => {
    const yMarks = y.marks(size.height - 50, language, true);
    const plot = plotFor(size, yMarks, { x: x.title, y: y.title });
    return { plot, yMarks, xMarks: x.marks(plot.width, language, false) };
  }, [size, x, y, language]);
  const { plot } = frame;

  const near = useMemo(() => {
    if (!pointer || start) return -1;
    let best = -1;
    let least = NEAR;
    for (let index = 0; index < points.xs.length; index += 1) {
      const [left, top] = at(plot, points.xs[index] ?? Number.NaN, points.ys[index] ?? Number.NaN);
      const distance = Math.hypot(left - pointer.x, top - pointer.y);
      if (distance < least) [least, best] = [distance, index];
    }
    return best;
  }, [pointer, start, points, plot]);
  const told = near >= 0 ? near : walked;
  const shown = told >= 0 ? told : lit === null ? -1 : points.ids.indexOf(lit);
  useEffect(() => {
    if (told >= 0) hover.set({ axis: "", x: null, runId: points.ids[told] ?? null, source });
    else hover.clear(source);
  }, [told, points, source]);
  useEffect(() => () => hover.clear(source), [source]);

  const paint = useCallback<Paint>(
    (pen) => {
      drawAxes(pen, plot, colors, {
        x: frame.xMarks,
        y: frame.yMarks,
        titles: { x: x.title, y: y.title },
        plainX: x.scale === null,
        plainY: y.scale === null,
      });
      pen.save();
      clipTo(pen, plot, 6);
      under?.(pen, plot, colors);
      pen.globalAlpha = alpha;
      for (let index = 0; index < points.xs.length; index += 1) {
        const [left, top] = at(plot, points.xs[index] ?? Number.NaN, points.ys[index] ?? Number.NaN);
        if (!Number.isFinite(left) || !Number.isFinite(top)) continue;
        pen.fillStyle = points.colors[index] ?? colors.grey;
        pen.beginPath();
        pen.arc(left, top, points.radius(index), 0, 2 * Math.PI);
        pen.fill();
      }
      pen.globalAlpha = 1;
      over?.(pen, plot, colors);
      pen.restore();
    },
    [plot, frame, colors, x, y, points, under, over, alpha],
  );
  const marks = useCallback<Paint>(
    (pen) => {
      const ring = (index: number, width: number) => {
        const [left, top] = at(plot, points.xs[index] ?? Number.NaN, points.ys[index] ?? Number.NaN);
        if (!Number.isFinite(left) || !Number.isFinite(top)) return;
        pen.strokeStyle = colors.text;
        pen.lineWidth = width;
        pen.beginPath();
        pen.arc(left, top, points.radius(index) + 2, 0, 2 * Math.PI);
        pen.stroke();
      };
      if (strong !== null) ring(points.ids.indexOf(strong), 1.5);
      if (shown >= 0) ring(shown, 2);
      const box = start && pointer ? regionOf(plot, start, pointer) : region;
      if (box) {
        const [left, top] = at(plot, box.left, box.top);
        pen.fillStyle = colors.accent;
        pen.globalAlpha = 0.12;
        pen.fillRect(left, top, (box.right - box.left) * plot.width, (box.top - box.bottom) * plot.height);
        pen.globalAlpha = 1;
        pen.strokeStyle = colors.accent;
        pen.lineWidth = 1;
        pen.strokeRect(left, top, (box.right - box.left) * plot.width, (box.top - box.bottom) * plot.height);
      }
    },
    [plot, points, colors, strong, shown, start, pointer, region],
  );

  const locate = (event: React.PointerEvent) => {
    const edge = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - edge.left, y: event.clientY - edge.top };
  };
  const up = () => {
    if (!start || !pointer) return;
    const far = Math.hypot(pointer.x - start.x, pointer.y - start.y) >= LEAST_DRAG;
    if (far && renderChoice) setRegion(regionOf(plot, start, pointer));
    else {
      setRegion(null);
      const id = points.ids[hit(points, plot, pointer)];
      if (id !== undefined) onOpen?.(id);
    }
    setStart(null);
  };
  const order = useMemo(
    () => [...points.xs.keys()].filter((index) => Number.isFinite(points.xs[index]) && Number.isFinite(points.ys[index])).toSorted((a, b) => (points.xs[a] ?? 0) - (points.xs[b] ?? 0)),
    [points],
  );
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) setWalked(order[Math.min(order.length - 1, Math.max(0, order.indexOf(walked) + step))] ?? -1);
    else if (event.key === "Escape") {
      setWalked(-1);
      setRegion(null);
    } else if (event.key === "Enter" && walked >= 0) onOpen?.(points.ids[walked] ?? "");
    else return;
    event.preventDefault();
  };
  const [tipX, tipY] = told >= 0 ? at(plot, points.xs[told] ?? 0, points.ys[told] ?? 0) : [0, 0];

  return (
    // oxlint-disable jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions -- arrow keys walk its points
    <div
      ref={root}
      className={near >= 0 && onOpen ? "plot plot-open" : "plot"}
      role="img"
      aria-label={props.label}
      tabIndex={0}
      onKeyDown={keys}
      onPointerDown={(event) => {
        if (event.button !== 0 || (event.target as Element).closest("button")) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setStart(locate(event));
        setPointer(locate(event));
      }}
      onPointerMove={(event) => setPointer(locate(event))}
      onPointerUp={up}
      onPointerLeave={() => {
        if (!start) setPointer(null);
      }}
    >
      <Layer size={size} paint={paint} className={shown >= 0 && told >= 0 ? "layer layer-soft" : "layer"} />
      <Layer size={size} paint={marks} />
      {told >= 0 ? (
        <Tip left={tipX} top={tipY}>
          {props.renderTip(told)}
        </Tip>
      ) : null}
      {region && renderChoice ? (
        <div className="plot-chosen">
          {renderChoice(region)}
          <button type="button" className="button-link" onClick={() => setRegion(null)}>
            {t("chart.unselect")}
          </button>
        </div>
      ) : null}
    </div>
  );
}

function hit(points: Points, plot: Plot, pointer: { x: number; y: number }): number {
  return [...points.xs.keys()].find((index) => {
    const [left, top] = at(plot, points.xs[index] ?? Number.NaN, points.ys[index] ?? Number.NaN);
    return Math.hypot(left - pointer.x, top - pointer.y) <= points.radius(index) + 3;
  }) ?? -1;
}

function regionOf(plot: Plot, a: { x: number; y: number }, b: { x: number; y: number }): Region {
  const share = (value: number) => Math.min(1, Math.max(0, value));
  const across = (left: number) => share((left - plot.left) / plot.width);
  const up = (top: number) => share(1 - (top - plot.top) / plot.height);
  return {
    left: across(Math.min(a.x, b.x)),
    right: across(Math.max(a.x, b.x)),
    bottom: up(Math.max(a.y, b.y)),
    top: up(Math.min(a.y, b.y)),
  };
}

/** Which points lie in a region. */
export function inRegion(points: Points, region: Region): number[] {
  return [...points.xs.keys()].filter((index) => {
    const [x, y] = [points.xs[index] ?? Number.NaN, points.ys[index] ?? Number.NaN];
    return x >= region.left && x <= region.right && y >= region.bottom && y <= region.top;
  });
}
