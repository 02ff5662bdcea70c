import { useCallback, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent } from "react";
import { hover } from "../data/hover";
import { MISSING, brushed, placesOn, snapped, type Brushes, type Interval, type ParallelAxis } from "../data/parallel";
import { useWords } from "../i18n/language";
import { Layer, useSize, type Paint, type Size } from "./Layer";
import { frameOf, LANE, paintAxis, paintBrushes, paintRun, paintRuns, type Frame } from "./parallelpaint";
import { writeValue } from "./plotaxis";
import { Tip } from "./Tip";
import { useColors } from "./useColors";
import "./charts.css";

interface ParallelProps {
  axes: readonly ParallelAxis[];
  names: readonly string[];
  ids: readonly string[];
  /** In [0, 1] per run; NaN for grey. */
  shades: Float64Array;
  brushes: Brushes;
  onBrush: (brushes: Brushes) => void;
  onMove: (from: number, to: number) => void;
  onFlip: (index: number) => void;
  label: string;
}

const NEAR = 6;
const GRAB = 12;

/** Runs as lines across one axis per key. Dragging along an axis chooses a part of it; a second one adds to it. */
export function Parallel(props: ParallelProps) {
  const { axes, ids, shades, brushes, onBrush } = props;
  const { t, language } = useWords();
  const root = useRef<HTMLDivElement>(null);
  const size = useSize(root);
  const colors = useColors();
  const source = useId();
  const lit = useSyncExternalStore(hover.subscribeLit, hover.lit);
  const [at, setAt] = useState<{ x: number; y: number } | null>(null);
  const [drag, setDrag] = useState<{ axis: number; from: number; to: number } | null>(null);
  const [carried, setCarried] = useState<number | null>(null);
  const frame = useMemo(() => frameOf(size, axes), [size, axes]);
  const places = useMemo(() => axes.map((axis) => placesOn(axis, shades)), [axes, shades]);
  const chosen = useMemo(() => brushed(axes, places, brushes), [axes, places, brushes]);
  const some = [...brushes.values()].some((intervals) => intervals.length > 0);

  const yOf = useCallback(
    (place: number) => (Number.isNaN(place) ? frame.lane : frame.top + (1 - place) * frame.height),
    [frame],
  );
  const nearest = useMemo(() => {
    if (!at || drag) return -1;
    return nearestRun(frame, places, chosen, yOf, at.x, at.y);
  }, [at, drag, frame, places, chosen, yOf]);
  const shown = nearest >= 0 ? nearest : ids.indexOf(lit ?? "");
  useEffect(() => {
    if (nearest >= 0) hover.set({ axis: "", x: null, runId: ids[nearest] ?? null, source });
    else hover.clear(source);
  }, [nearest, ids, source]);
  useEffect(() => () => hover.clear(source), [source]);

  const lines = useCallback<Paint>(
    (pen, area) => paintRuns(pen, area, frame, places, chosen, shades, colors, yOf),
    [frame, places, chosen, shades, colors, yOf],
  );
  const over = useCallback<Paint>(
    (pen) => {
      if (shown >= 0) paintRun(pen, frame, places, shown, colors, yOf);
      for (const [index, axis] of axes.entries()) paintAxis(pen, frame, axis, index, colors, language, index === axes.length - 1);
      paintBrushes(pen, frame, axes, brushes, drag, colors);
    },
    [shown, frame, places, colors, yOf, axes, language, brushes, drag],
  );

  const placeAt = (y: number) => Math.min(1, Math.max(0, 1 - (y - frame.top) / frame.height));
  const axisAt = (x: number) => frame.lefts.findIndex((left) => Math.abs(left - x) <= GRAB);
  const locate = (event: React.PointerEvent) => {
    const edge = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - edge.left, y: event.clientY - edge.top };
  };
  const set = (index: number, intervals: readonly Interval[]) => {
    const id = axes[index]?.column.id;
    if (id !== undefined) onBrush(new Map([...brushes, [id, intervals]]));
  };
  const add = (index: number, interval: Interval) => {
    const axis = axes[index];
    if (!axis) return;
    set(index, [...(brushes.get(axis.column.id) ?? []), interval[0] === MISSING[0] ? interval : snapped(axis, interval)]);
  };

  const down = (event: React.PointerEvent) => {
    const here = locate(event);
    const index = axisAt(here.x);
    if (event.button !== 0 || index < 0 || here.y < frame.top - GRAB) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    if (here.y > frame.lane - LANE / 2) add(index, MISSING);
    else setDrag({ axis: index, from: placeAt(here.y), to: placeAt(here.y) });
  };
  const move = (event: React.PointerEvent) => {
    const here = locate(event);
    if (drag) setDrag({ ...drag, to: placeAt(here.y) });
    else setAt(here);
  };
  const up = () => {
    if (!drag) return;
    const interval: Interval = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    const clicked = (interval[1] - interval[0]) * frame.height < 4;
    const categories = axes[drag.axis]?.scale === null;
    // A click chooses a category; on a scale it takes the axis's brushes away.
    if (!clicked || categories) add(drag.axis, clicked ? [interval[0], interval[0] + 1e-6] : interval);
    else set(drag.axis, []);
    setDrag(null);
  };

  return (
    <div
      ref={root}
      className={at && axisAt(at.x) >= 0 ? "plot plot-brush" : "plot"}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerLeave={() => setAt(null)}
      role="group"
      aria-label={props.label}
    >
      <div role="img" aria-label={props.label}>
        <Layer size={size} paint={lines} className={shown >= 0 ? "layer layer-dim" : "layer"} />
        <Layer size={size} paint={over} />
      </div>
      {axes.map((axis, index) => (
        <AxisButton
          key={axis.column.id}
          axis={axis}
          left={frame.lefts[index] ?? 0}
          room={roomOf(frame, size, index)}
          brushed={(brushes.get(axis.column.id)?.length ?? 0) > 0}
          onFlip={() => props.onFlip(index)}
          onClear={() => set(index, [])}
          onStep={(step) => props.onMove(index, index + step)}
          onDrag={(dragging) => setCarried(dragging ? index : null)}
          onDrop={() => {
            if (carried !== null && carried !== index) props.onMove(carried, index);
            setCarried(null);
          }}
        />
      ))}
      {nearest >= 0 && at ? (
        <Tip left={at.x} top={at.y}>
          <div className="tip-head">{props.names[nearest]}</div>
          <table>
            <tbody>
              {axes.map((axis) => (
                <tr key={axis.column.id}>
                  <th scope="row">{axis.column.label}</th>
                  <td>{writeValue(axis.column, nearest, language)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Tip>
      ) : null}
      {some ? null : <p className="plot-hint">{t("parallel.hint")}</p>}
    </div>
  );
}

function roomOf(frame: Frame, size: Size, index: number): number {
  const [here, before, after] = [frame.lefts[index] ?? 0, frame.lefts[index - 1], frame.lefts[index + 1]];
  const left = before === undefined ? 2 * here : here - before;
  const right = after === undefined ? 2 * (size.width - here) : after - here;
  return Math.max(40, Math.min(left, right) - 8);
}

interface AxisButtonProps {
  axis: ParallelAxis;
  left: number;
  room: number;
  brushed: boolean;
  onFlip: () => void;
  onClear: () => void;
  onStep: (step: number) => void;
  onDrag: (dragging: boolean) => void;
  onDrop: () => void;
}

/** The name above an axis: a click turns the axis over, arrow keys and dragging move it, Delete takes its brushes away. */
function AxisButton({ axis, left, room, brushed: marked, ...on }: AxisButtonProps) {
  const { t } = useWords();
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) on.onStep(step);
    else if (event.key === "Delete" || event.key === "Backspace") on.onClear();
    else return;
    event.preventDefault();
  };
  const name = axis.log ? `${axis.column.label} (log)` : axis.column.label;
  return (
    <button
      type="button"
      className={marked ? "axis-name axis-brushed" : "axis-name"}
      style={{ left, maxWidth: room }}
      title={`${name}: ${t("parallel.axis")}`}
      draggable
      onClick={on.onFlip}
      onKeyDown={keys}
      onPointerDown={(event) => event.stopPropagation()}
      onDragStart={(event) => {
        event.dataTransfer.setData("text/plain", axis.column.id);
        on.onDrag(true);
      }}
      onDragEnd={() => on.onDrag(false)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        on.onDrop();
      }}
    >
      {axis.column.label}
      {axis.flipped ? " ↓" : ""}
    </button>
  );
}

/** The run whose line is nearest to a point; -1 where none is near. */
function nearestRun(
  frame: Frame,
  places: readonly Float64Array[],
  chosen: Uint8Array,
  yOf: (place: number) => number,
  x: number,
  y: number,
): number {
  const right = frame.lefts.findIndex((left) => left >= x);
  if (right < 1) return -1;
  const [a, b] = [places[right - 1], places[right]];
  const [x0, x1] = [frame.lefts[right - 1] ?? 0, frame.lefts[right] ?? 1];
  if (!a || !b) return -1;
  const share = (x - x0) / (x1 - x0);
  let best = -1;
  let least = NEAR;
  for (let run = 0; run < a.length; run += 1) {
    if (!chosen[run]) continue;
    const [y0, y1] = [yOf(a[run] ?? Number.NaN), yOf(b[run] ?? Number.NaN)];
    const distance = Math.abs(y0 + (y1 - y0) * share - y);
    if (distance < least) [least, best] = [distance, run];
  }
  return best;
}
