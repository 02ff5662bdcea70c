import { useCallback, useEffect, useId, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { hover } from "../data/hover";
import { nearestIndex, nearLines, type Near, type RunLine } from "../data/lines";
import { useWords } from "../i18n/language";
import { toX, toY, type AxisKind } from "./axes";
import { Layer, useSize, type Paint } from "./Layer";
import { frameOf, fullX, paintLines, strokeAll } from "./lineframe";
import { LineTip } from "./LineTip";
import { useColors } from "./useColors";
import { useLinePointer } from "./useLinePointer";
import "./charts.css";

export interface RunLinesProps {
  lines: readonly RunLine[];
  styleOf: (id: string) => number;
  kind: AxisKind;
  /** Charts with the same name share the pointer's x. */
  axis: string;
  log: boolean;
  /** Whether outliers are cut off. */
  trim: boolean;
  /** The part of x that is shown; null for all. */
  range: readonly [number, number] | null;
  onRange: (range: [number, number] | null) => void;
  /** The curve that stands out: the baseline. */
  strong: string | null;
  label: string;
  formatX: (x: number) => string;
  /** For groups: no run lights up elsewhere. */
  grouped?: boolean;
}

/** Curves of many runs over one axis, drawn on canvas: one layer for all, one for what the pointer is on. */
export function RunLines(props: RunLinesProps) {
  const { lines, styleOf, kind, axis, log, trim, range, onRange, strong, formatX } = props;
  const { t, language } = useWords();
  const root = useRef<HTMLDivElement>(null);
  const size = useSize(root);
  const colors = useColors();
  const source = useId();
  const shared = useSyncExternalStore(hover.subscribe, hover.get);
  const [box, setBox] = useState<readonly [number, number] | null>(null);

  const frame = useMemo(
    () => frameOf({ size, lines, range, box, log, trim, kind, language }),
    [size, lines, range, box, log, trim, kind, language],
  );
  const zoom = useCallback(
    (x: [number, number] | null, y: [number, number] | null) => {
      setBox(y);
      onRange(x);
    },
    [onRange],
  );
  const full = useMemo(() => fullX(lines), [lines]);
  const { pointer, drag, pinned, keys, release } = useLinePointer(root, frame, lines, full, zoom);

  const near = useMemo<readonly Near[]>(() => {
    if (!pointer) return [];
    const x = frame.x.value((pointer.x - frame.plot.left) / frame.plot.width);
    return nearLines(lines, pointer.x, pointer.y, x, toX(frame.plot, frame.x), toY(frame.plot, frame.y));
  }, [pointer, frame, lines]);
  const nearest = near[0];
  const nearestLine = nearest && lines[nearest.line];
  const atX = nearest && nearestLine ? (nearestLine.xs[nearest.index] ?? null) : null;

  const tell = !props.grouped;
  useEffect(() => {
    if (!pointer || atX === null) hover.clear(source);
    else hover.set({ axis, x: atX, runId: tell ? (nearestLine?.id ?? null) : null, source });
  }, [pointer, atX, nearestLine, axis, source, tell]);
  useEffect(() => () => hover.clear(source), [source]);

  const foreign = pointer ? null : shared;
  const focus = nearestLine?.id ?? (foreign && lines.some((line) => line.id === foreign.runId) ? foreign.runId : null);
  const crossX = atX ?? (foreign?.axis === axis ? foreign.x : null);
  const ghosts = lines.length <= 40;

  const paint = useCallback<Paint>(
    (pen) => paintLines(pen, frame, lines, { colors, styleOf, strong, ghosts }),
    [frame, lines, colors, styleOf, strong, ghosts],
  );
  const over = useCallback<Paint>(
    (pen) => {
      const { plot } = frame;
      const left = crossX === null ? Number.NaN : toX(plot, frame.x)(crossX);
      if (left >= plot.left - 1 && left <= plot.left + plot.width + 1) {
        pen.strokeStyle = colors.axis;
        pen.setLineDash([3, 3]);
        pen.strokeRect(Math.round(left) + 0.5, plot.top, 0, plot.height);
        pen.setLineDash([]);
      }
      const line = lines.find((one) => one.id === focus);
      if (line) {
        pen.save();
        pen.beginPath();
        pen.rect(plot.left, plot.top - 3, plot.width, plot.height + 6);
        pen.clip();
        if (lines.length > 1) strokeAll(pen, frame, [line], { colors, styleOf: (id) => Math.max(0, styleOf(id)) }, 2.5);
        pen.restore();
        const index = crossX === null ? -1 : nearestIndex(line.xs, crossX);
        const y = toY(plot, frame.y)(line.values[index] ?? Number.NaN);
        if (Number.isFinite(y)) {
          pen.beginPath();
          pen.arc(toX(plot, frame.x)(line.xs[index] ?? 0), y, 4, 0, 2 * Math.PI);
          pen.fillStyle = colors.raised;
          pen.strokeStyle = colors.text;
          pen.lineWidth = 1.5;
          pen.fill();
          pen.stroke();
        }
      }
      if (drag) {
        pen.globalAlpha = 0.14;
        pen.fillStyle = colors.accent;
        const [x0, x1] = [Math.min(drag.from.x, drag.to.x), Math.max(drag.from.x, drag.to.x)];
        const [y0, y1] = drag.box
          ? [Math.min(drag.from.y, drag.to.y), Math.max(drag.from.y, drag.to.y)]
          : [plot.top, plot.top + plot.height];
        pen.fillRect(x0, y0, x1 - x0, y1 - y0);
        pen.globalAlpha = 1;
      }
    },
    [frame, lines, colors, styleOf, crossX, focus, drag],
  );

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions -- arrow keys walk its points
    <div ref={root} className="plot" role="img" aria-label={props.label} tabIndex={0} onKeyDown={keys}>
      <Layer size={size} paint={paint} className={focus && lines.length > 1 ? "layer layer-dim" : "layer"} />
      <Layer size={size} paint={over} />
      {frame.outside ? <span className="plot-note">▲ {t("chart.outside", { n: frame.outside })}</span> : null}
      {range || box ? (
        <button type="button" className="plot-reset" onClick={() => zoom(null, null)}>
          {t("chart.resetZoom")}
        </button>
      ) : null}
      {pointer && nearestLine && atX !== null && !drag ? (
        <LineTip
          lines={lines}
          near={near}
          strong={strong}
          styleOf={styleOf}
          colors={colors}
          head={formatX(atX)}
          left={pointer.x}
          top={pointer.y}
          pinned={pinned}
          onClose={release}
        />
      ) : null}
    </div>
  );
}
