import { useCallback, useEffect, useMemo, useRef } from "react";
import { Bars, type Bar } from "../../charts/Bars";
import { useSize } from "../../charts/Layer";
import { RunLines } from "../../charts/RunLines";
import { columnKey } from "../../data/columns";
import { formatCount, formatDuration, formatNumber, formatSigned, formatTime } from "../../data/format";
import { countHidden, valueAt, type RunLine } from "../../data/lines";
import { extent } from "../../data/scale";
import type { LineAxis } from "../../data/workspace";
import { useWords } from "../../i18n/language";
import { Failure } from "../../parts/Region";
import { DataTable } from "./DataTable";
import type { BodyProps, TableData } from "./model";
import { useKept } from "./useKept";
import { useLines } from "./useLines";

const SAMPLES = 50;

/** A part of x; that of another axis does not count. */
interface Zoom {
  axis: LineAxis;
  range: [number, number];
}

export function xFormatter(axis: LineAxis, language: string): (x: number) => string {
  if (axis === "time") return (x) => formatTime(x * 1000, language);
  if (axis === "relative") return (x) => formatSigned(x, (size) => formatDuration(size * 1000, language));
  if (axis === "step") return (x) => formatSigned(x, (size) => formatCount(size, language));
  return (x) => `${columnKey(axis)} ${formatNumber(x)}`;
}

/** One metric of all drawn runs as curves; as bars where each run has one value only. */
export function LinesPanel({ spec, tweak, shared, asTable, onData }: BodyProps) {
  const { t, language } = useWords();
  const { workspace, seen, baseline } = shared;
  const root = useRef<HTMLDivElement>(null);
  const { width } = useSize(root);
  const metric = columnKey(spec.fields.metric?.[0] ?? "");
  const axis = tweak.axis ?? workspace.axis;
  const [zoom, setZoom] = useKept<Zoom | null>(shared.memory, `${spec.id} zoom`, null);
  const range = zoom?.axis === axis ? zoom.range : null;
  const setRange = useCallback((next: [number, number] | null) => setZoom(next && { axis, range: next }), [setZoom, axis]);
  const smoothing = tweak.smoothing ?? workspace.smoothing;
  const log = tweak.log ?? workspace.logarithmic;
  const trim = tweak.trim ?? workspace.trim;
  const { smoothingKind, band } = workspace;
  const { groups } = shared;
  const groupOf = groups && band !== "each" ? groups.of : null;
  const found = useLines({ runs: seen, metric, axis, smoothing, smoothingKind, range, width, groupOf, band });
  const { lines } = found;
  const styleOf = useMemo(() => {
    if (!groups) return shared.styleOf;
    return band === "each" ? (runId: string) => groups.styleOf(groups.of(runId)) : groups.styleOf;
  }, [groups, band, shared.styleOf]);
  const formatX = useMemo(() => xFormatter(axis, language), [axis, language]);
  const bars = useMemo<readonly Bar[]>(
    () =>
      lines.map((line) => ({
        id: line.id,
        label: line.label,
        value: line.values.at(-1) ?? Number.NaN,
        style: styleOf(line.id),
        ...(line.low && line.high ? { low: line.low.at(-1) ?? Number.NaN, high: line.high.at(-1) ?? Number.NaN } : {}),
      })),
    [lines, styleOf],
  );
  useEffect(() => onData(() => tableOf(lines, axis, t("column.name"))), [onData, lines, axis, t]);

  const label = useMemo(() => summaryOf(lines, metric, shared.rising(metric), t, formatX), [lines, metric, shared, t, formatX]);
  const hidden = log ? countHidden(lines) : 0;
  return (
    <div className="panel-body" ref={root}>
      {found.error && lines.length === 0 ? (
        <Failure error={found.error} retry={found.retry} />
      ) : lines.length === 0 ? (
        <p className="panel-empty">{found.pending ? t("loading") : t("chart.noPoints")}</p>
      ) : asTable ? (
        <DataTable data={tableOf(lines, axis, t("column.name"))} label={label} />
      ) : found.single ? (
        <Bars bars={bars} label={label} log={log} onOpen={groupOf ? undefined : shared.openRun} strong={baseline} />
      ) : (
        <RunLines
          lines={lines}
          styleOf={styleOf}
          kind={axis === "time" ? "time" : axis === "relative" ? "duration" : "number"}
          axis={axis}
          log={log}
          trim={trim}
          range={range}
          onRange={setRange}
          strong={baseline}
          label={label}
          formatX={formatX}
          grouped={groupOf !== null}
        />
      )}
      {hidden ? <p className="panel-note">{t("chart.hidden", { n: hidden })}</p> : null}
    </div>
  );
}

type Translate = ReturnType<typeof useWords>["t"];

function summaryOf(lines: readonly RunLine[], metric: string, rising: boolean, t: Translate, formatX: (x: number) => string): string {
  let best: RunLine | null = null;
  let value = Number.NaN;
  for (const line of lines) {
    const last = line.values.findLast(Number.isFinite) ?? Number.NaN;
    if (Number.isFinite(last) && !(rising ? value >= last : value <= last)) [best, value] = [line, last];
  }
  const ends = extent(lines.flatMap((line) => [line.xs[0] ?? Number.NaN, line.xs.at(-1) ?? Number.NaN]));
  const [from, to] = ends ? [formatX(ends[0]), formatX(ends[1])] : ["–", "–"];
  return t("chart.lines", { key: metric, n: lines.length, from, to, value: formatNumber(value), name: best?.label ?? "–" });
}

/** Each curve's value at 50 places along x. */
function tableOf(lines: readonly RunLine[], axis: LineAxis, name: string): TableData {
  const ends = extent(lines.flatMap((line) => [line.xs[0] ?? Number.NaN, line.xs.at(-1) ?? Number.NaN]));
  if (!ends) return { head: [name], rows: [] };
  const union = new Set<number>();
  for (const line of lines) for (const x of line.xs) union.add(x);
  const all = [...union].toSorted((a, b) => a - b);
  const count = Math.min(SAMPLES, all.length);
  const xs = Array.from({ length: count }, (_, index) => all[Math.round((index * (all.length - 1)) / Math.max(1, count - 1))] ?? 0);
  const title = axis === "step" || axis === "time" || axis === "relative" ? axis : columnKey(axis);
  return {
    head: [title, ...lines.map((line) => line.label)],
    rows: xs.map((x) => [
      axis === "time" ? new Date(x * 1000).toISOString() : x,
      ...lines.map((line) => {
        const value = valueAt(line.xs, line.values, x);
        return Number.isFinite(value) ? value : null;
      }),
    ]),
  };
}
