/** The only file that knows uPlot: a line chart of curves over one x axis. */
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatTick } from "../data/format";
import { align, type Curve } from "../data/series";
import { token } from "../theme/palette";
import "./charts.css";

export interface Line extends Curve {
  label: string;
  color: string;
  dash?: number[];
  width?: number;
  /** Drawn in the back, without a place in the tooltip. */
  ghost?: boolean;
}

export interface LinePanelProps {
  lines: readonly Line[];
  height: number;
  /** "time": x in seconds since 1970, labelled with dates; "duration": x in seconds. */
  x: "number" | "duration" | "time";
  logarithmic: boolean;
  formatX: (x: number) => string;
  formatY: (y: number) => string;
  /** What the chart shows, in words. */
  summary: string;
  /** A change (of the theme) draws all anew. */
  look: string;
}

const FONT = '11px system-ui, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC", sans-serif';
const CROSS = 3.5;

/** Marks where a curve has points that cannot be drawn: a cross at the foot of the chart. */
function crosses(lines: readonly Line[]): (chart: uPlot) => void {
  return (chart) => {
    const { ctx, bbox } = chart;
    const size = CROSS * devicePixelRatio;
    for (const line of lines) {
      if (line.ghost) continue;
      ctx.save();
      ctx.strokeStyle = line.color;
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.beginPath();
      let before = -Infinity;
      for (const [index, x] of line.xs.entries()) {
        if (Number.isFinite(line.values[index])) continue;
        const left = chart.valToPos(x, "x", true);
        if (left < bbox.left || left > bbox.left + bbox.width || left - before < 3 * size) continue;
        before = left;
        const top = bbox.top + bbox.height - 2 * size;
        ctx.moveTo(left - size, top - size);
        ctx.lineTo(left + size, top + size);
        ctx.moveTo(left + size, top - size);
        ctx.lineTo(left - size, top + size);
      }
      ctx.stroke();
      ctx.restore();
    }
  };
}

/** A small box beside the pointer with the values at the nearest x. */
function tooltip(props: LinePanelProps): uPlot.Plugin {
  const box = document.createElement("div");
  box.className = "chart-tip";
  box.hidden = true;
  const write = (chart: uPlot) => {
    const { idx, left = -1 } = chart.cursor;
    box.hidden = left < 0 || idx === null || idx === undefined;
    if (box.hidden || idx === null || idx === undefined) return;
    const head = document.createElement("div");
    head.className = "chart-tip-x";
    head.textContent = props.formatX(chart.data[0][idx] ?? 0);
    const rows = props.lines.flatMap((line, index) => {
      const value = chart.data[index + 1]?.[idx];
      if (line.ghost || value === null || value === undefined) return [];
      const row = document.createElement("div");
      const dot = document.createElement("i");
      dot.style.background = line.color;
      const number = document.createElement("b");
      number.textContent = props.formatY(value);
      row.append(dot, line.label, number);
      return [row];
    });
    box.replaceChildren(head, ...rows);
    const room = chart.over.clientWidth;
    const side = left > room / 2;
    box.style.transform = side ? `translate(calc(${left - 12}px - 100%), 8px)` : `translate(${left + 12}px, 8px)`;
  };
  return { hooks: { init: (chart) => chart.over.append(box), setCursor: write } };
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Steps between marks of a duration, in seconds: round in its own units. */
const DURATION_STEPS = [
  [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  [1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  [1, 2, 3, 6, 12].map((count) => count * HOUR),
  [1, 2, 5, 10, 20, 50, 100, 200, 500].map((count) => count * DAY),
].flat();

/** Lines up to so many points show each; longer ones only points without a neighbour, which no stroke would reach. */
const POINTS_SHOWN = 24;

function lonely(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  let before = -1;
  let joined = false;
  for (let index = 0; index <= values.length; index += 1) {
    const value = values[index];
    if (index < values.length && value === undefined) continue;
    if (typeof value === "number") {
      joined = before >= 0;
      before = index;
    } else {
      if (before >= 0 && !joined) found.push(before);
      before = -1;
      joined = false;
    }
  }
  return found;
}

function optionsFor(props: LinePanelProps, width: number): uPlot.Options {
  const axis = {
    stroke: token("fg-muted"),
    font: FONT,
    grid: { stroke: token("grid-line"), width: 1 },
    ticks: { stroke: token("grid-line"), width: 1, size: 4 },
  };
  return {
    width,
    height: props.height,
    legend: { show: false },
    padding: [10, 12, 0, 0],
    cursor: {
      y: false,
      dataIdx: (_chart, series, index) => (props.lines[series - 1]?.ghost ? null : index),
      points: { size: 7, width: 2, fill: token("bg-raised") },
      drag: { x: true, y: false, dist: 5 },
    },
    scales: { x: { time: props.x === "time" }, y: { distr: props.logarithmic ? 3 : 1 } },
    axes: [
      {
        ...axis,
        size: props.x === "time" ? 40 : 26,
        gap: 3,
        ...(props.x === "duration" ? { incrs: DURATION_STEPS } : {}),
        ...(props.x === "time" ? {} : { values: (_chart, marks) => marks.map(props.formatX) }),
      },
      {
        ...axis,
        size: (_chart, labels) => 14 + 6.4 * Math.max(4, ...(labels ?? []).map((label) => label?.length ?? 0)),
        gap: 4,
        values: (_chart, marks) => marks.map((mark) => (mark === null ? "" : formatTick(mark))),
      },
    ],
    series: [
      {},
      ...props.lines.map((line) => ({
        label: line.label,
        stroke: line.color,
        alpha: line.ghost ? 0.28 : 1,
        width: line.width ?? 1.5,
        dash: line.dash ?? [],
        points: {
          show: !line.ghost,
          size: 5,
          fill: line.color,
          ...(line.values.length <= POINTS_SHOWN
            ? {}
            : { filter: (chart: uPlot, index: number) => lonely(chart.data[index] ?? []) }),
        },
      })),
    ],
    plugins: [tooltip(props), { hooks: { draw: crosses(props.lines) } }],
  };
}

export function LinePanel(props: LinePanelProps) {
  const root = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const { lines, height, x, logarithmic, look } = props;
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const data = align(lines, logarithmic) as unknown as uPlot.AlignedData;
    const zoom = chart.current ? zoomOf(chart.current) : null;
    chart.current?.destroy();
    chart.current = new uPlot(optionsFor(latest.current, Math.max(80, element.clientWidth)), data, element);
    if (zoom) chart.current.setScale("x", zoom);
  }, [lines, height, x, logarithmic, look]);

  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => {
      const width = element.clientWidth;
      if (chart.current && width > 0 && width !== chart.current.width) {
        chart.current.setSize({ width, height: latest.current.height });
      }
    });
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, []);

  return <div ref={root} className="line-panel" role="img" aria-label={props.summary} style={{ height }} />;
}

/** The part of x that the reader zoomed to; null when all is shown. */
function zoomOf(chart: uPlot): { min: number; max: number } | null {
  const xs = chart.data[0];
  const { min, max } = chart.scales.x ?? {};
  if (min === undefined || max === undefined || xs.length < 2) return null;
  if (min <= (xs[0] ?? 0) && max >= (xs.at(-1) ?? 0)) return null;
  return { min, max };
}
