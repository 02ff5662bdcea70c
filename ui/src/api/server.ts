/** One function per route that the pages use. */
import { address, deleteJson, getBlob, getJson, getText, patchJson, postBlob, postJson } from "./http";
import type {
  ArtifactList,
  BulkAction,
  BulkResult,
  BulkTarget,
  ColumnSummary,
  Experiment,
  ExperimentColumns,
  ExperimentPage,
  FilterVerdict,
  GroupPage,
  GroupQuery,
  LifeView,
  Run,
  RunPage,
  RunQuery,
  RunScope,
  SavedView,
  ServerInfo,
  StarKind,
  SuggestedKey,
  TableQuery,
  ViewScope,
  WireSeries,
} from "./types";

const NATIVE = "api/clew/v1";
const MLFLOW = "ajax-api/2.0/mlflow";

export const getInfo = (signal?: AbortSignal) => getJson<ServerInfo>(`${NATIVE}/info`, {}, signal);

export interface ExperimentQuery {
  filter?: string;
  view?: LifeView;
  /** Asks for `daily_runs` and `best`. */
  activity?: boolean;
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

export const queryGroups = (query: GroupQuery, signal?: AbortSignal) =>
  postJson<GroupPage>(`${NATIVE}/runs/groups`, query, signal);

/** What a filter finds. */
export type FilterEntity = "runs" | "experiments" | "registered_models" | "model_versions";

export interface FilterQuestion {
  filter: string;
  entity: FilterEntity;
  /** Index of a code point: asks for completions there. */
  cursor?: number;
  experiment_ids?: string[];
}

export const parseFilter = (question: FilterQuestion, signal?: AbortSignal) =>
  postJson<FilterVerdict>(`${NATIVE}/filter/parse`, question, signal);

export async function suggestKeys(
  experimentId: string,
  kind: "metric" | "param" | "tag",
  q: string,
  signal?: AbortSignal,
): Promise<SuggestedKey[]> {
  const query = { experiment_ids: experimentId, kind, q, limit: "200" };
  return (await getJson<{ keys?: SuggestedKey[] }>(`${NATIVE}/suggest`, query, signal)).keys ?? [];
}

export async function columnStats(scope: RunScope, columns: string[], signal?: AbortSignal): Promise<ColumnSummary[]> {
  const query = { ...scope, columns, bins: 2 };
  return (await postJson<{ columns?: ColumnSummary[] }>(`${NATIVE}/columns/stats`, query, signal)).columns ?? [];
}

export const bulkRuns = (target: BulkTarget, action: BulkAction) =>
  postJson<BulkResult>(`${NATIVE}/runs/bulk`, { ...target, ...action });

export const downloadRuns = (query: TableQuery) => postBlob(`${NATIVE}/runs/table`, query);

export async function listViews(experimentId: string, signal?: AbortSignal): Promise<SavedView[]> {
  const query = { experiment_id: experimentId };
  return (await getJson<{ views?: SavedView[] }>(`${NATIVE}/views`, query, signal)).views ?? [];
}

export async function getView(viewId: string, signal?: AbortSignal): Promise<SavedView> {
  return (await getJson<{ view: SavedView }>(`${NATIVE}/views/${encodeURIComponent(viewId)}`, {}, signal)).view;
}

export async function createView(view: {
  experiment_id: string;
  name: string;
  body: { search: string };
}): Promise<SavedView> {
  return (await postJson<{ view: SavedView }>(`${NATIVE}/views`, view)).view;
}

export async function updateView(
  view: SavedView,
  change: { name?: string; scope?: ViewScope; body?: { search: string }; preferred?: boolean },
): Promise<SavedView> {
  const path = `${NATIVE}/views/${encodeURIComponent(view.view_id)}`;
  return (await patchJson<{ view: SavedView }>(path, { revision: view.revision, ...change })).view;
}

export const deleteView = (viewId: string) => deleteJson(`${NATIVE}/views/${encodeURIComponent(viewId)}`);

/** A short address, from the server's root on, for one of this UI. `path` begins with a slash. */
export async function createLink(path: string): Promise<string> {
  return (await postJson<{ path: string }>(`${NATIVE}/links`, { path })).path;
}

export async function listStars(kind: StarKind, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const { stars = [] } = await getJson<{ stars?: { id: string }[] }>(`${NATIVE}/stars`, { kind }, signal);
  return new Set(stars.map((star) => star.id));
}

export const giveStar = (kind: StarKind, id: string) => postJson(`${NATIVE}/stars`, { kind, id });
export const takeStar = (kind: StarKind, id: string) => deleteJson(`${NATIVE}/stars/${kind}/${encodeURIComponent(id)}`);

export const createExperiment = (name: string, tags: { key: string; value: string }[]) =>
  postJson<{ experiment_id: string }>(`${MLFLOW}/experiments/create`, { name, tags });
export const renameExperiment = (experimentId: string, name: string) =>
  postJson(`${MLFLOW}/experiments/update`, { experiment_id: experimentId, new_name: name });
export const deleteExperiment = (experimentId: string) =>
  postJson(`${MLFLOW}/experiments/delete`, { experiment_id: experimentId });
export const restoreExperiment = (experimentId: string) =>
  postJson(`${MLFLOW}/experiments/restore`, { experiment_id: experimentId });
export const tagExperiment = (experimentId: string, key: string, value: string) =>
  postJson(`${MLFLOW}/experiments/set-experiment-tag`, { experiment_id: experimentId, key, value });

export async function getRun(runId: string, signal?: AbortSignal): Promise<Run> {
  return (await getJson<{ run: Run }>(`${MLFLOW}/runs/get`, { run_id: runId }, signal)).run;
}

export const renameRun = (runId: string, name: string) =>
  postJson(`${MLFLOW}/runs/update`, { run_id: runId, run_name: name });
export const setRunTag = (runId: string, key: string, value: string) =>
  postJson(`${MLFLOW}/runs/set-tag`, { run_id: runId, key, value });
export const deleteRunTag = (runId: string, key: string) => postJson(`${MLFLOW}/runs/delete-tag`, { run_id: runId, key });

export async function getSeries(
  query: {
    run_ids: string[];
    keys: string[];
    max_points: number;
    start_step?: number;
    end_step?: number;
    format?: "lists" | "packed";
  },
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

/** All of a file. */
export const readBlob = (runId: string, path: string) => getBlob("get-artifact", { run_id: runId, path });

/** Where a file is shown: the server lays it into a sandbox, in which nothing of it runs. */
export const viewAddress = (runId: string, path: string) =>
  address(`${NATIVE}/artifacts/view?${new URLSearchParams({ run_id: runId, path })}`);

/** Where a folder is downloaded from as a zip; the empty path is all files. */
export const zipAddress = (runId: string, path: string) =>
  address(`${NATIVE}/artifacts/zip?${new URLSearchParams(path ? { run_id: runId, path } : { run_id: runId })}`);
