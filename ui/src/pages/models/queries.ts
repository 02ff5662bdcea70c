/** What the pages of the registry ask. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { listRequests } from "../../api/approvals";
import * as registry from "../../api/registry";
import { keptPath, orderBy, versionsFilter, type ModelsView } from "../../data/registry";
import { every } from "../queries";

const LIST_MS = 5000;
export const MAX_MODELS = 1000;
const MAX_VERSIONS = 2000;
const MODEL_FILE_BYTES = 262_144;

export const modelsQuery = (view: ModelsView) =>
  queryOptions({
    queryKey: ["models", "list", view],
    queryFn: ({ signal }) =>
      registry.searchModels(
        { ...(view.filter ? { filter: view.filter } : {}), order_by: orderBy(view), max_results: MAX_MODELS },
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: every(LIST_MS),
  });

export const modelQuery = (name: string) =>
  queryOptions({
    queryKey: ["models", "one", name],
    queryFn: ({ signal }) => registry.getModel(name, signal),
    refetchInterval: every(LIST_MS),
  });

/** All versions, or those that a filter finds. */
export const versionsQuery = (name: string, filter = "") =>
  queryOptions({
    queryKey: ["models", "versions", name, filter],
    queryFn: ({ signal }) => registry.searchVersions(versionsFilter(name, filter), MAX_VERSIONS, signal),
    refetchInterval: every(LIST_MS),
  });

export const versionQuery = (name: string, version: string) =>
  queryOptions({
    queryKey: ["models", "version", name, version],
    queryFn: ({ signal }) => registry.getVersion(name, version, signal),
    refetchInterval: every(LIST_MS),
  });

export const historyQuery = (name: string, most: number) =>
  queryOptions({
    queryKey: ["models", "history", name, most],
    queryFn: ({ signal }) => registry.getHistory(name, most, signal),
    placeholderData: keepPreviousData,
    refetchInterval: every(LIST_MS),
  });

/** The past does not change. */
export const stateQuery = (name: string, at: number) =>
  queryOptions({
    queryKey: ["models", "state", name, at],
    queryFn: ({ signal }) => registry.getStateAt(name, at, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

export const requestsQuery = (name: string) =>
  queryOptions({
    queryKey: ["models", "requests", name],
    queryFn: ({ signal }) => listRequests(name, signal),
    refetchInterval: every(LIST_MS),
  });

/** The folder of a version below the server's artifacts and its files; null where they lie elsewhere. Neither ever changes. */
export const folderQuery = (name: string, version: string) =>
  queryOptions({
    queryKey: ["model-folder", name, version],
    queryFn: async ({ signal }) => {
      const path = keptPath(await registry.getModelFolder(name, version, signal));
      return path === null ? null : { path, files: await registry.listKept(path, signal) };
    },
    staleTime: Infinity,
  });

/** A small text file of a model. */
export const keptTextQuery = (path: string) =>
  queryOptions({
    queryKey: ["model-file", path],
    queryFn: () => registry.readKept(path, MODEL_FILE_BYTES),
    staleTime: Infinity,
  });
