/** One function per route that the pages use. */
import { address, getJson, getText, postJson } from "./http";
import type {
  ArtifactList,
  Experiment,
  ExperimentColumns,
  ExperimentPage,
  FilterVerdict,
  Run,
  RunPage,
  RunQuery,
  ServerInfo,
  WireSeries,
} from "./types";

const NATIVE = "api/clew/v1";
const MLFLOW = "ajax-api/2.0/mlflow";

export const getInfo = (signal?: AbortSignal) => getJson<ServerInfo>(`${NATIVE}/info`, {}, signal);

export interface ExperimentQuery {
  filter?: string;
  order_by?: string[];
  max_results?: number;
  page_token?: string;
}

export const queryExperiments = (query: ExperimentQuery, signal?: AbortSignal) =>
  postJson<ExperimentPage>(`${NATIVE}/experiments/query`, query, signal);

export async function getExperiment(experimentId: string, signal?: AbortSignal): Promise<Experiment> {
  const answer = await getJson<{ experiment: Experiment }>(
    `${MLFLOW}/experiments/get`,
    { experiment_id: experimentId },
    signal,
  );
  return answer.experiment;
}

export const getColumns = (experimentId: string, signal?: AbortSignal) =>
  getJson<ExperimentColumns>(`${NATIVE}/experiments/${encodeURIComponent(experimentId)}/columns`, {}, signal);

export const queryRuns = (query: RunQuery, signal?: AbortSignal) =>
  postJson<RunPage>(`${NATIVE}/runs/query`, query, signal);

export const parseFilter = (filter: string, entity: "runs" | "experiments", signal?: AbortSignal) =>
  postJson<FilterVerdict>(`${NATIVE}/filter/parse`, { filter, entity }, signal);

export async function getRun(runId: string, signal?: AbortSignal): Promise<Run> {
  return (await getJson<{ run: Run }>(`${MLFLOW}/runs/get`, { run_id: runId }, signal)).run;
}

export async function getSeries(
  query: { run_ids: string[]; keys: string[]; max_points: number; start_step?: number; end_step?: number },
  signal?: AbortSignal,
): Promise<WireSeries[]> {
  return (await postJson<{ series?: WireSeries[] }>(`${NATIVE}/series`, query, signal)).series ?? [];
}

export const listArtifacts = (runId: string, path: string, signal?: AbortSignal) =>
  getJson<ArtifactList>(`${MLFLOW}/artifacts/list`, path ? { run_id: runId, path } : { run_id: runId }, signal);

/** Where a file of a run is downloaded from. */
export const artifactAddress = (runId: string, path: string) =>
  address(`get-artifact?${new URLSearchParams({ run_id: runId, path })}`);

export const readArtifact = (runId: string, path: string, bytes: number) =>
  getText("get-artifact", { run_id: runId, path }, bytes);
