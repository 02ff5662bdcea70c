/** How a run's charts are shown, as the address says it: `?x=&sm=&log=&find=`. Unknown fields are left alone, broken ones ignored. */
import { readable, setOrDrop } from "./address";
import type { XAxis } from "./series";

export const MAX_SMOOTHING = 0.99;
const AXES: readonly XAxis[] = ["step", "relative", "time"];

export interface ChartView {
  axis: XAxis;
  logarithmic: boolean;
  /** In [0, MAX_SMOOTHING]; 0 for none. */
  smoothing: number;
  /** Only charts whose metric has this in its name. */
  find: string;
}

export const ALL_CHARTS: ChartView = { axis: "step", logarithmic: false, smoothing: 0, find: "" };

/** Reads how charts are shown from an address's query part. */
export function decodeCharts(search: string): ChartView {
  const query = new URLSearchParams(search);
  const smoothing = Number(query.get("sm") ?? 0);
  return {
    axis: AXES.find((axis) => axis === query.get("x")) ?? "step",
    logarithmic: query.get("log") === "1",
    smoothing: smoothing > 0 && smoothing <= MAX_SMOOTHING ? smoothing : 0,
    find: query.get("find") ?? "",
  };
}

/** The query part for a view of charts, without "?"; fields of `search` that are not ours stay. */
export function encodeCharts(view: ChartView, search = ""): string {
  const query = new URLSearchParams(search);
  setOrDrop(query, "x", view.axis === "step" ? null : view.axis);
  setOrDrop(query, "sm", view.smoothing ? String(view.smoothing) : null);
  setOrDrop(query, "log", view.logarithmic ? "1" : null);
  setOrDrop(query, "find", view.find || null);
  return readable(query);
}
