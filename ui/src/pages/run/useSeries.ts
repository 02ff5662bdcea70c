import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Series } from "../../data/series";
import { seriesQuery } from "../queries";

/** Metrics that one request asks for. */
const CHUNK = 16;

export interface SeriesResult {
  series: ReadonlyMap<string, Series>;
  error: Error | null;
  pending: boolean;
  retry: () => void;
}

/** The points of a run's metrics, asked in chunks so that the first ones come early. */
export function useSeries(runId: string, keys: readonly string[], running: boolean): SeriesResult {
  const chunks = useMemo(() => {
    const parts: string[][] = [];
    for (let start = 0; start < keys.length; start += CHUNK) parts.push(keys.slice(start, start + CHUNK));
    return parts;
  }, [keys]);
  const results = useQueries({ queries: chunks.map((chunk) => seriesQuery(runId, chunk, running)) });
  const parts = results.map((result) => result.data);
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- the list of parts is new at each render, its parts are not
  const series = useMemo(() => new Map(parts.flatMap((part) => (part ? [...part] : []))), parts);
  return {
    series,
    error: results.find((result) => result.error)?.error ?? null,
    pending: results.some((result) => result.isPending),
    retry: () => {
      for (const result of results) if (result.isError) void result.refetch();
    },
  };
}

/** A list that stays the same object while its texts are the same. */
export function useKeyList(keys: readonly string[]): readonly string[] {
  const text = keys.join("\0");
  return useMemo(() => (text ? text.split("\0") : []), [text]);
}
