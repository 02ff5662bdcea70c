import { useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import { hover } from "../data/hover";
import { nearLines, type Near, type RunLine } from "../data/lines";
import { useWords } from "../i18n/language";
import { toX, toY, type AxisKind, type Plot } from "./axes";
import { FocusLayer } from "./FocusLayer";
import { Layer, useSize, type Paint } from "./Layer";
import { frameOf, fullX, paintLines } from "./lineframe";
import { LineTip } from "./LineTip";
import { useColors } from "./useColors";
import { useLinePointer, type Drag } from "./useLinePointer";
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

  const ghosts = lines.length <= 40;

  const paint = useCallback<Paint>(
    (pen) => paintLines(pen, frame, lines, { colors, styleOf, strong, ghosts }),
    [frame, lines, colors, styleOf, strong, ghosts],
  );
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions -- arrow keys walk its points
    <div ref={root} className="plot" role="img" aria-label={props.label} tabIndex={0} onKeyDown={keys}>
      <FocusLayer frame={frame} lines={lines} colors={colors} styleOf={styleOf} axis={axis} own={pointer && atX !== null ? { x: atX, id: nearestLine?.id ?? null } : null} />
      <Layer size={size} paint={paint} />
      {drag ? <span className="plot-drag" style={dragged(drag, frame.plot)} /> : null}
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
          head={axis === "step" ? `${t("column.step")} ${formatX(atX)}` : formatX(atX)}
          left={pointer.x}
          top={pointer.y}
          pinned={pinned}
          onClose={release}
        />
      ) : null}
    </div>
  );
}

/** The place of what is dragged over; the whole height where x alone is chosen. */
function dragged({ from, to, box }: Drag, plot: Plot) {
  return {
    left: Math.min(from.x, to.x),
    width: Math.abs(to.x - from.x),
    top: box ? Math.min(from.y, to.y) : plot.top,
    height: box ? Math.abs(to.y - from.y) : plot.height,
  };
}
