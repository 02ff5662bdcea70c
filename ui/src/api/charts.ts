/** The routes that charts read. */
import { getJson, postJson } from "./http";
import type { ArtifactList, ImportanceAnswer, PackedSeries, RunScope, SeriesQuery } from "./types";

const NATIVE = "api/clew/v1";

/** Metrics of many runs in one answer; x is what the query says. */
export async function getPackedSeries(query: SeriesQuery, signal?: AbortSignal): Promise<PackedSeries[]> {
  const body = { ...query, format: "packed" };
  return (await postJson<{ series?: PackedSeries[] }>(`${NATIVE}/series`, body, signal)).series ?? [];
}

export interface ImportanceQuery extends RunScope {
  metric: string;
  summary?: "min" | "max" | "first" | "mean";
}

export const getImportance = (query: ImportanceQuery, signal?: AbortSignal) =>
  postJson<ImportanceAnswer>(`${NATIVE}/importance`, query, signal);

/** One folder of a run's files. */
export const listFiles = (runId: string, path: string, signal?: AbortSignal) =>
  getJson<ArtifactList>(`${NATIVE}/artifacts/list`, { run_id: runId, path }, signal);

/** A file that is JSON. */
export const readJsonFile = <T>(runId: string, path: string, signal?: AbortSignal) =>
  getJson<T>("get-artifact", { run_id: runId, path }, signal);
