import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { useLocation, useSearch } from "wouter";
import type { Run } from "../../api/types";
import { LinePanel, type Line } from "../../charts/LinePanel";
import { decodeCharts, encodeCharts, MAX_SMOOTHING, type ChartView } from "../../data/chartview";
import { isSystemMetric } from "../../data/columns";
import { formatCount, formatDuration, formatNumber, formatSigned, formatTime } from "../../data/format";
import { abscissa, sections, smooth, summarize, type Series, type XAxis } from "../../data/series";
import { useWords, type MessageKey } from "../../i18n/language";
import { Empty } from "../../parts/Empty";
import { Failure, Region } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { theme } from "../../theme/mode";
import { seriesColor } from "../../theme/palette";
import { METRIC_SNIPPET, SYSTEM_SNIPPET } from "../snippets";
import { useKeyList, useSeries } from "./useSeries";

const PANEL_HEIGHT = 210;
const SETTLED_MS = 250;
/** Fewer charts are one group. */
const SECTIONS_FROM = 7;
/** What the chart makes its marks of. */
const LINE_AXES: Record<XAxis, "number" | "duration" | "time"> = { step: "number", relative: "duration", time: "time" };
const AXES: readonly (readonly [XAxis, MessageKey])[] = [
  ["step", "axis.step"],
  ["relative", "axis.relative"],
  ["time", "axis.time"],
];

/** How the charts are shown; the address follows after a moment, as browsers refuse it at each move of a slider. */
function useChartView(): [ChartView, (view: ChartView) => void] {
  const [path, navigate] = useLocation();
  const query = useSearch();
  const [view, setView] = useState(() => decodeCharts(query));
  useEffect(() => {
    const written = encodeCharts(view, query);
    if (written === encodeCharts(decodeCharts(query), query)) return;
    const timer = setTimeout(() => navigate(`${path}${written ? `?${written}` : ""}`, { replace: true }), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [view, query, path, navigate]);
  return [view, setView];
}

/** A line chart for each metric: of the machine where `system` says so, else of the training. */
export function MetricsTab({ run, system = false }: { run: Run; system?: boolean }) {
  const { t } = useWords();
  const [view, change] = useChartView();
  const keys = useKeyList((run.data?.metrics ?? []).map((metric) => metric.key).filter((key) => isSystemMetric(key) === system));
  const running = run.info.status === "RUNNING";
  const { series, error, retry } = useSeries(run.info.run_id, keys, running);
  const wanted = view.find.trim().toLowerCase();
  const groups = useMemo(() => {
    const found = keys.filter((key) => key.toLowerCase().includes(wanted));
    return keys.length < SECTIONS_FROM ? new Map([["", found]]) : sections(found);
  }, [keys, wanted]);

  if (keys.length === 0) {
    return (
      <Empty icon="experiments" title={system ? t("metrics.noSystem") : running ? t("metrics.waiting") : t("metrics.none")}>
        <Snippets snippets={system ? SYSTEM_SNIPPET : METRIC_SNIPPET} />
      </Empty>
    );
  }
  return (
    <>
      <ChartTools view={view} onChange={change} />
      {error ? <Failure error={error} retry={retry} /> : null}
      {[...groups.values()].every((members) => members.length === 0) ? (
        <p className="panel-none">{t("chart.noMatch", { search: view.find.trim() })}</p>
      ) : null}
      {[...groups].map(([name, members]) => (
        <section key={name} className="chart-section">
          {groups.size > 1 || name ? (
            <h2>
              {name || t("metrics.general")} <span className="count">{members.length}</span>
            </h2>
          ) : null}
          <div className="chart-grid">
            {members.map((key) => (
              <Region key={key} name={key}>
                <MetricPanel title={key} series={series.get(key)} view={view} start={run.info.start_time ?? 0} />
              </Region>
            ))}
          </div>
        </section>
      ))}
    </>
  );
}

function ChartTools({ view, onChange }: { view: ChartView; onChange: (view: ChartView) => void }) {
  const { t } = useWords();
  return (
    <div className="chart-tools">
      <div className="segments" role="group" aria-label={t("axis.label")}>
        {AXES.map(([axis, word]) => (
          <button type="button" key={axis} aria-pressed={view.axis === axis} onClick={() => onChange({ ...view, axis })}>
            {t(word)}
          </button>
        ))}
      </div>
      <label className="range">
        {t("chart.smoothing")}
        <input
          type="range"
          min={0}
          max={MAX_SMOOTHING}
          step={0.01}
          value={view.smoothing}
          onChange={(event) => onChange({ ...view, smoothing: Number(event.target.value) })}
        />
        <output>{view.smoothing.toFixed(2)}</output>
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={view.logarithmic}
          onChange={(event) => onChange({ ...view, logarithmic: event.target.checked })}
        />
        {t("chart.log")}
      </label>
      <input
        type="search"
        className="panel-search"
        aria-label={t("chart.find")}
        placeholder={t("chart.find")}
        value={view.find}
        onChange={(event) => onChange({ ...view, find: event.target.value })}
      />
    </div>
  );
}

interface MetricPanelProps {
  title: string;
  series: Series | undefined;
  view: ChartView;
  start: number;
}

function MetricPanel({ title, series, view, start }: MetricPanelProps) {
  const { t, language } = useWords();
  const look = useSyncExternalStore(theme.subscribe, theme.shown);
  const { axis, logarithmic, smoothing } = view;
  const lines = useMemo(
    () => (series ? linesOf(series, axis, smoothing, start) : []),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the theme decides the colours
    [series, axis, smoothing, start, look],
  );
  const summary = series ? summarize(series.values) : null;
  const hidden = logarithmic && series ? series.values.filter((value) => value <= 0).length : 0;
  const last = summary ? formatNumber(summary.last) : "";
  const formatX = useMemo(() => xFormatter(axis, language), [axis, language]);
  return (
    <figure className="chart-panel">
      <figcaption>
        <span className="chart-title" title={title}>
          {title}
        </span>
        <span className="chart-last">{last}</span>
      </figcaption>
      {series === undefined || summary === null ? (
        <div className="chart-wait" style={{ height: PANEL_HEIGHT }} />
      ) : summary.count < 2 ? (
        <div className="chart-single" style={{ height: PANEL_HEIGHT }}>
          <strong>{last}</strong>
          <span className="muted">{t("chart.single")}</span>
        </div>
      ) : (
        <LinePanel
          lines={lines}
          height={PANEL_HEIGHT}
          x={LINE_AXES[axis]}
          logarithmic={logarithmic}
          formatX={formatX}
          formatY={formatNumber}
          look={look}
          summary={t("chart.summary", {
            key: title,
            n: summary.count,
            last,
            min: formatNumber(summary.min),
            max: formatNumber(summary.max),
          })}
        />
      )}
      {hidden ? <p className="chart-note">{t("chart.hidden", { n: hidden })}</p> : null}
    </figure>
  );
}

function linesOf(series: Series, axis: XAxis, smoothing: number, start: number): Line[] {
  const xs = abscissa(series, axis, start);
  const color = seriesColor(0);
  const raw = { label: series.key, xs, values: series.values, color };
  if (smoothing <= 0) return [raw];
  return [
    { ...raw, ghost: true, width: 1 },
    { ...raw, values: smooth(series.values, smoothing), width: 2 },
  ];
}

function xFormatter(axis: XAxis, language: string): (x: number) => string {
  if (axis === "time") return (x) => formatTime(x * 1000, language);
  if (axis === "relative") return (x) => formatSigned(x, (size) => formatDuration(size * 1000, language));
  return (x) => formatSigned(x, (size) => formatCount(size, language));
}
