import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { RunHead } from "../../api/types";
import { columnKey } from "../../data/columns";
import { bandOf, overMetric, smoothed, type Band, type RunLine, type Smoothing } from "../../data/lines";
import type { RunSeries } from "../../data/packed";
import type { LineAxis } from "../../data/workspace";
import { linesQuery } from "./queries";
import { runName } from "./model";

interface LinesAsk {
  runs: readonly RunHead[];
  metric: string;
  axis: LineAxis;
  smoothing: number;
  smoothingKind: Smoothing;
  /** The part of x that is looked at; null for all. */
  range: readonly [number, number] | null;
  width: number;
  groupOf: ((runId: string) => string) | null;
  band: Band;
}

export interface LinesFound {
  lines: readonly RunLine[];
  /** Whether no run has more than one point. */
  single: boolean;
  pending: boolean;
  error: Error | null;
  retry: () => void;
}

/** Points of one answer, over all its curves. */
const BUDGET = 240_000;
const LEAST = 100;
/** Up to so many curves have the least and the greatest value of each pixel; more of them of every other. */
const FEW = 10;
const MOST = 2000;
/** More is asked than is looked at, so that curves go on to the edges. */
const MARGIN = 0.1;

const NONE: readonly RunSeries[] = [];

/** The curves of a panel. Where the server thinned them out, a zoomed part is asked anew. */
export function useLines(ask: LinesAsk): LinesFound {
  const { runs, metric, axis, smoothing, smoothingKind, range, groupOf, band } = ask;
  const overKey = axis === "step" || axis === "time" || axis === "relative" ? null : columnKey(axis);
  const x = overKey === null ? (axis as "step" | "time" | "relative") : "step";
  const names = runs.map((run) => run.run_id).join();
  const runIds = useMemo(() => (names ? names.split(",") : []), [names]);
  const keys = useMemo(() => (overKey && overKey !== metric ? [metric, overKey] : [metric]), [metric, overKey]);
  const fine = runIds.length <= FEW ? 2 : 1;
  const room = Math.floor(BUDGET / Math.max(1, runIds.length * keys.length));
  const wanted = Math.max(LEAST, Math.min(MOST, fine * Math.ceil(ask.width / 100) * 100, room));
  const whole = useQuery({ ...linesQuery({ runIds, keys, x, points: wanted, range: null }), ...(ask.width > 0 ? {} : { enabled: false }) });
  const thinned = whole.data?.some((series) => series.total > series.xs.length) ?? false;
  const part = useMemo<readonly [number, number] | null>(() => {
    if (!range || !thinned || overKey) return null;
    const beside = (range[1] - range[0]) * MARGIN;
    return [range[0] - beside, range[1] + beside];
  }, [range, thinned, overKey]);
  const zoomed = useQuery({ ...linesQuery({ runIds, keys, x, points: wanted, range: part }), enabled: part !== null, placeholderData: undefined });
  const series = (part ? zoomed.data : undefined) ?? whole.data ?? NONE;

  const lines = useMemo(() => {
    const byRun = new Map(series.filter((one) => one.key === metric).map((one) => [one.runId, one]));
    const overBy = new Map(series.filter((one) => one.key === overKey).map((one) => [one.runId, one]));
    const single = runs.flatMap((run): RunLine[] => {
      const found = byRun.get(run.run_id);
      if (!found) return [];
      const values = smoothed(found.values, smoothingKind, smoothing);
      const line = { id: run.run_id, label: runName(run), xs: found.xs, values, raw: found.values };
      const moved = overKey ? overMetric(line, overBy.get(run.run_id)) : line;
      return moved ? [moved] : [];
    });
    if (!groupOf) return single;
    const groups = new Map<string, RunLine[]>();
    for (const line of single) {
      const name = groupOf(line.id);
      groups.set(name, [...(groups.get(name) ?? []), line]);
    }
    return [...groups].map(([name, members]) => bandOf(name, name, members, band));
  }, [series, runs, metric, overKey, smoothing, smoothingKind, groupOf, band]);

  return {
    lines,
    single: series.length > 0 && series.every((one) => one.total <= 1),
    pending: whole.isPending && runIds.length > 0,
    error: whole.error ?? zoomed.error,
    retry: () => void whole.refetch(),
  };
}
