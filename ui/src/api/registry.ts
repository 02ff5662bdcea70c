/** The routes of the model registry. */
import { address, deleteJson, getJson, getText, patchJson, postJson } from "./http";
import type {
  ArtifactEntry,
  KeyValue,
  ModelHistory,
  ModelStage,
  ModelState,
  ModelVersion,
  RegisteredModel,
  RegisteredModelPage,
} from "./types";

const MLFLOW = "ajax-api/2.0/mlflow";
const MODELS = `${MLFLOW}/registered-models`;
const VERSIONS = `${MLFLOW}/model-versions`;
const FILES = "api/2.0/mlflow-artifacts/artifacts";

export const searchModels = (
  query: { filter?: string; order_by?: string[]; max_results: number },
  signal?: AbortSignal,
) => postJson<RegisteredModelPage>(`${MODELS}/search`, query, signal);

export async function getModel(name: string, signal?: AbortSignal): Promise<RegisteredModel> {
  const answer = await getJson<{ registered_model: RegisteredModel }>(`${MODELS}/get`, { name }, signal);
  return answer.registered_model;
}

export const createModel = (name: string, description: string, tags: KeyValue[] = []) =>
  postJson(`${MODELS}/create`, { name, description, tags });
export const describeModel = (name: string, description: string) =>
  patchJson(`${MODELS}/update`, { name, description });
export const deleteModel = (name: string) => deleteJson(`${MODELS}/delete`, { name });
export const tagModel = (name: string, key: string, value: string) =>
  postJson(`${MODELS}/set-tag`, { name, key, value });
export const untagModel = (name: string, key: string) => deleteJson(`${MODELS}/delete-tag`, { name, key });

export const setAlias = (name: string, alias: string, version: string, reason: string) =>
  postJson(`${MODELS}/alias`, { name, alias, version, reason });
export const deleteAlias = (name: string, alias: string, reason: string) =>
  deleteJson(`${MODELS}/alias`, { name, alias, reason });

export async function searchVersions(filter: string, most: number, signal?: AbortSignal): Promise<ModelVersion[]> {
  const query = { filter, max_results: most, order_by: ["version_number DESC"] };
  return (await postJson<{ model_versions?: ModelVersion[] }>(`${VERSIONS}/search`, query, signal)).model_versions ?? [];
}

export async function getVersion(name: string, version: string, signal?: AbortSignal): Promise<ModelVersion> {
  const answer = await getJson<{ model_version: ModelVersion }>(`${VERSIONS}/get`, { name, version }, signal);
  return answer.model_version;
}

export async function createVersion(version: {
  name: string;
  source: string;
  run_id?: string;
  model_id?: string;
  description?: string;
}): Promise<ModelVersion> {
  return (await postJson<{ model_version: ModelVersion }>(`${VERSIONS}/create`, version)).model_version;
}

export const describeVersion = (name: string, version: string, description: string) =>
  patchJson(`${VERSIONS}/update`, { name, version, description });
export const moveVersion = (
  name: string,
  version: string,
  move: { stage: ModelStage; archive_existing_versions: boolean; reason: string },
) => postJson(`${VERSIONS}/transition-stage`, { name, version, ...move });
export const deleteVersion = (name: string, version: string) => deleteJson(`${VERSIONS}/delete`, { name, version });
export const tagVersion = (name: string, version: string, key: string, value: string) =>
  postJson(`${VERSIONS}/set-tag`, { name, version, key, value });
export const untagVersion = (name: string, version: string, key: string) =>
  deleteJson(`${VERSIONS}/delete-tag`, { name, version, key });

/** The newest moves first. */
export const getHistory = (name: string, most: number, signal?: AbortSignal) =>
  getJson<ModelHistory>(
    `api/clew/v1/models/${encodeURIComponent(name)}/history`,
    { max_results: String(most) },
    signal,
  );

/** Where aliases and versions stood at a time, in ms. */
export const getStateAt = (name: string, time: number, signal?: AbortSignal) =>
  getJson<ModelState>(`api/clew/v1/models/${encodeURIComponent(name)}/at`, { time: String(time) }, signal);

/** Where the files of a version lie. */
export async function getModelFolder(name: string, version: string, signal?: AbortSignal): Promise<string> {
  const query = { name, version };
  return (await getJson<{ artifact_uri?: string }>(`${VERSIONS}/get-download-uri`, query, signal)).artifact_uri ?? "";
}

const escaped = (path: string) => path.split("/").map(encodeURIComponent).join("/");

/** Files of a folder that the server keeps; `path` from the root of its artifacts on. */
export async function listKept(path: string, signal?: AbortSignal): Promise<ArtifactEntry[]> {
  return (await getJson<{ files?: ArtifactEntry[] }>(FILES, { path }, signal)).files ?? [];
}

export const keptAddress = (path: string) => address(`${FILES}/${escaped(path)}`);
export const readKept = (path: string, bytes: number) => getText(`${FILES}/${escaped(path)}`, {}, bytes);
