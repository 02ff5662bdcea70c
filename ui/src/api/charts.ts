/** The routes that charts read, and the stream that says what changed. */
import { address, getJson, postJson } from "./http";
import type { ArtifactList, ImportanceAnswer, PackedSeries, SeriesQuery } from "./types";

const NATIVE = "api/clew/v1";

/** Metrics of many runs in one answer; x is what the query says. */
export async function getPackedSeries(query: SeriesQuery, signal?: AbortSignal): Promise<PackedSeries[]> {
  const body = { ...query, format: "packed" };
  return (await postJson<{ series?: PackedSeries[] }>(`${NATIVE}/series`, body, signal)).series ?? [];
}

export interface ImportanceQuery {
  experiment_ids: string[];
  filter?: string;
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

/** Calls `changed` with the ids of the runs that changed, or null when anything may have. Returns what ends it. */
export function watchExperiment(experimentId: string, changed: (runIds: string[] | null) => void): () => void {
  const source = new EventSource(address(`${NATIVE}/events?topics=exp:${encodeURIComponent(experimentId)}`));
  source.addEventListener("change", (event) => {
    const told = JSON.parse((event as MessageEvent<string>).data) as { kind?: string; runs?: string[] };
    changed(told.kind === "change" ? (told.runs ?? []) : null);
  });
  return () => source.close();
}
