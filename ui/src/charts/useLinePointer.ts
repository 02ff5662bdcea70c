import { useCallback, useEffect, useState, type KeyboardEvent, type RefObject } from "react";
import { lowerBound, type RunLine } from "../data/lines";
import { toX, toY } from "./axes";
import type { LineFrame } from "./lineframe";

export interface Point {
  x: number;
  y: number;
}

export interface Drag {
  from: Point;
  to: Point;
  /** Whether the part of y is chosen too. */
  box: boolean;
}

type Zoom = (x: [number, number] | null, y: [number, number] | null) => void;

const SLACK = 4;
const LEAST_DRAG = 6;
const WHEEL = 1.25;

interface Pointing {
  /** Where the pointer is inside of the plot, or was when it was pinned. */
  pointer: Point | null;
  drag: Drag | null;
  pinned: boolean;
  keys: (event: KeyboardEvent) => void;
  /** Ends a pinned tooltip. */
  release: () => void;
}

/**
 * Pointer and keys on a chart of curves. Dragging zooms x, with Shift a box; Ctrl and the wheel zoom around the pointer; a double
 * click shows all. A click pins the tooltip. Arrow keys walk along a curve and to the next one, Escape lets go.
 */
export function useLinePointer(
  root: RefObject<HTMLElement | null>,
  frame: LineFrame,
  lines: readonly RunLine[],
  full: readonly [number, number],
  zoom: Zoom,
): Pointing {
  const [pointer, setPointer] = useState<Point | null>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  const [pinned, setPinned] = useState(false);

  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const { plot } = frame;
    let start: Point | null = null;
    let last: Drag | null = null;
    const place = (event: MouseEvent): Point => {
      const edge = element.getBoundingClientRect();
      return { x: event.clientX - edge.left, y: event.clientY - edge.top };
    };
    const inside = ({ x, y }: Point) =>
      x >= plot.left - SLACK && x <= plot.left + plot.width + SLACK && y >= plot.top - SLACK && y <= plot.top + plot.height + SLACK;
    const clamp = ({ x, y }: Point): Point => ({
      x: Math.min(plot.left + plot.width, Math.max(plot.left, x)),
      y: Math.min(plot.top + plot.height, Math.max(plot.top, y)),
    });
    const ownTarget = (event: Event) => (event.target as Element).closest("button, .tip") === null;

    const down = (event: PointerEvent) => {
      const at = place(event);
      if (event.button !== 0 || !inside(at) || !ownTarget(event)) return;
      start = clamp(at);
      element.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      const at = place(event);
      if (start) {
        const far = Math.hypot(at.x - start.x, at.y - start.y) >= LEAST_DRAG;
        if (far || last) {
          last = { from: start, to: clamp(at), box: event.shiftKey };
          setDrag(last);
        }
        return;
      }
      if (pinned) return;
      setPointer(inside(at) && ownTarget(event) ? at : null);
    };
    const up = () => {
      if (!start) return;
      if (last) {
        const { x, y } = frame;
        const shareX = (at: number) => x.value((at - plot.left) / plot.width);
        const shareY = (at: number) => y.value(1 - (at - plot.top) / plot.height);
        const [x0, x1] = [Math.min(last.from.x, last.to.x), Math.max(last.from.x, last.to.x)];
        const [y0, y1] = [Math.max(last.from.y, last.to.y), Math.min(last.from.y, last.to.y)];
        if (x1 - x0 >= LEAST_DRAG) zoom([shareX(x0), shareX(x1)], last.box ? [shareY(y0), shareY(y1)] : null);
      } else setPinned((was) => !was);
      start = null;
      last = null;
      setDrag(null);
    };
    const leave = () => {
      if (!start && !pinned) setPointer(null);
    };
    const wheel = (event: WheelEvent) => {
      const at = place(event);
      if (!event.ctrlKey || !inside(at)) return;
      event.preventDefault();
      const factor = event.deltaY > 0 ? WHEEL : 1 / WHEEL;
      const middle = frame.x.value((at.x - plot.left) / plot.width);
      const [low, high] = [middle - (middle - frame.x.min) * factor, middle + (frame.x.max - middle) * factor];
      if (low <= full[0] && high >= full[1]) zoom(null, null);
      else zoom([Math.max(low, full[0]), Math.min(high, full[1])], null);
    };
    const reset = (event: MouseEvent) => {
      if (!inside(place(event)) || !ownTarget(event)) return;
      setPinned(false);
      zoom(null, null);
    };
    element.addEventListener("pointerdown", down);
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", up);
    element.addEventListener("pointerleave", leave);
    element.addEventListener("wheel", wheel, { passive: false });
    element.addEventListener("dblclick", reset);
    return () => {
      element.removeEventListener("pointerdown", down);
      element.removeEventListener("pointermove", move);
      element.removeEventListener("pointerup", up);
      element.removeEventListener("pointerleave", leave);
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("dblclick", reset);
    };
  }, [root, frame, pinned, full, zoom]);

  const release = useCallback(() => {
    setPinned(false);
    setPointer(null);
  }, []);

  const keys = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const jump = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape" && (pointer || pinned)) {
      event.preventDefault();
      release();
      return;
    }
    if ((!step && !jump) || lines.length === 0) return;
    event.preventDefault();
    setPointer(walk(frame, lines, pointer, step ?? 0, jump ?? 0));
    setPinned(true);
  };
  return { pointer, drag, pinned, keys, release };
}

/** The place of the next point along the nearest curve, or at the same x of the next curve. */
function walk(frame: LineFrame, lines: readonly RunLine[], pointer: Point | null, step: number, jump: number): Point | null {
  const { plot } = frame;
  const [x, y] = [toX(plot, frame.x), toY(plot, frame.y)];
  const value = pointer ? frame.x.value((pointer.x - plot.left) / plot.width) : frame.x.min;
  const here = lines
    .map((line) => {
      const index = Math.min(line.xs.length - 1, lowerBound(line.xs, value - 1e-9 * Math.abs(value)));
      return { line, index, top: y(line.values[index] ?? Number.NaN) };
    })
    .filter((one) => Number.isFinite(one.top))
    .toSorted((a, b) => a.top - b.top);
  const from = here.reduce(
    (best, one, index) => (Math.abs(one.top - (pointer?.y ?? 0)) < Math.abs((here[best]?.top ?? 0) - (pointer?.y ?? 0)) ? index : best),
    0,
  );
  const chosen = here[Math.min(here.length - 1, Math.max(0, from + jump))];
  if (!chosen) return pointer;
  const next = Math.min(chosen.line.xs.length - 1, Math.max(0, chosen.index + step));
  const top = y(chosen.line.values[next] ?? Number.NaN);
  return { x: x(chosen.line.xs[next] ?? 0), y: Number.isFinite(top) ? top : chosen.top };
}
