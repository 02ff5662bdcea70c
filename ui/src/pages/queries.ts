/** What the pages ask of the server, with its cache keys. Lists ask again every few seconds while they are looked at. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import * as server from "../api/server";
import { quoteText } from "../data/filtertext";
import { live } from "../data/live";
import { readSeries } from "../data/series";

const LIST_MS = 5000;
export const RUNS_MS = 3000;
const TYPING_MS = 300;
const MAX_POINTS = 2000;
/** Experiments of one answer. */
const EXPERIMENT_PAGE = 500;

/** Whether a page may ask again by itself now, and after how long: not while nobody answers, either. */
export const every = (ms: number) => () => (live.get() === "live" ? ms : false);

/** Asked while the server does not answer: an answer says that it is back. */
export const signOfLifeQuery = queryOptions({
  queryKey: ["info"],
  queryFn: ({ signal }) => server.getInfo(signal),
  retry: false,
  refetchInterval: RUNS_MS,
});

interface ExperimentSearch {
  /** A part of the name. */
  search: string;
  deleted?: boolean;
  /** Whether what the list draws beside the counts is asked for. */
  activity?: boolean;
}

export const experimentsQuery = ({ search, deleted = false, activity = false }: ExperimentSearch) =>
  queryOptions({
    queryKey: ["experiments", search, deleted, activity],
    queryFn: ({ signal }) =>
      server.queryExperiments(
        {
          max_results: EXPERIMENT_PAGE,
          ...(search ? { filter: nameFilter(search) } : {}),
          ...(deleted ? { view: "DELETED_ONLY" as const } : {}),
          ...(activity ? { activity } : {}),
        },
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchInterval: every(LIST_MS),
  });

/** Whether an experiment, in the trash or not, has this very name. */
export const takenNameQuery = (name: string) =>
  queryOptions({
    queryKey: ["taken-name", name],
    queryFn: async ({ signal }) => {
      // Not sooner than the reader pauses: a newer name ends the wait.
      await new Promise((resolve) => setTimeout(resolve, TYPING_MS));
      if (signal.aborted) return false;
      const filter = `name = ${quoteText(name)}`;
      const totals = await Promise.all(
        (["ACTIVE_ONLY", "DELETED_ONLY"] as const).map(
          async (view) => (await server.queryExperiments({ filter, view, max_results: 1 }, signal)).total ?? 0,
        ),
      );
      return totals.some((total) => total > 0);
    },
    staleTime: 5000,
  });

export const viewsQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ["views", experimentId],
    queryFn: ({ signal }) => server.listViews(experimentId, signal),
    staleTime: 30_000,
  });

const FOUND_RUNS = 8;

/** Runs of any of these experiments whose name, or the beginning of whose id, is what somebody looks for. */
export const findRunsQuery = (experimentIds: string[], text: string) =>
  queryOptions({
    queryKey: ["find-runs", text, experimentIds],
    queryFn: async ({ signal }) =>
      (
        await server.queryRuns(
          { experiment_ids: experimentIds, filter: quoteText(text), max_results: FOUND_RUNS, columns: [] },
          signal,
        )
      ).runs ?? [],
    enabled: text !== "" && experimentIds.length > 0,
    placeholderData: keepPreviousData,
  });

/** Ids of the experiments with a star. */
export const starsQuery = queryOptions({
  queryKey: ["stars"],
  queryFn: ({ signal }) => server.listStars("experiment", signal),
  staleTime: 30_000,
});

/** How many runs a filter would find. */
export const matchCountQuery = (experimentId: string, filter: string) =>
  queryOptions({
    queryKey: ["match-count", experimentId, filter],
    queryFn: async ({ signal }) =>
      (await server.queryRuns({ experiment_ids: [experimentId], filter, max_results: 1, columns: [] }, signal)).total,
  });

function nameFilter(search: string): string {
  const escaped = search.replaceAll("\\", "\\\\").replaceAll("%", "\\%").replaceAll("_", "\\_");
  const quote = escaped.includes("'") ? '"' : "'";
  return `name ILIKE ${quote}%${escaped}%${quote}`;
}

export const experimentQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ["experiment", experimentId],
    queryFn: ({ signal }) => server.getExperiment(experimentId, signal),
    staleTime: 60_000,
  });

export const columnsQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ["columns", experimentId],
    queryFn: ({ signal }) => server.getColumns(experimentId, signal),
    refetchInterval: every(4 * LIST_MS),
    // Columns must not jump while the reader looks: a new list replaces the old one only when it differs.
    structuralSharing: true,
  });

/** How many active runs an experiment has. */
export const runCountQuery = (experimentId: string) =>
  queryOptions({
    queryKey: ["run-count", experimentId],
    queryFn: async ({ signal }) =>
      (await server.queryRuns({ experiment_ids: [experimentId], max_results: 1, columns: [] }, signal)).total,
    refetchInterval: every(2 * LIST_MS),
  });

export const runQuery = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId],
    queryFn: ({ signal }) => server.getRun(runId, signal),
    refetchInterval: (query) => (query.state.data?.info.status === "RUNNING" ? every(RUNS_MS)() : false),
  });

export const seriesQuery = (runId: string, keys: readonly string[], running: boolean) =>
  queryOptions({
    queryKey: ["series", runId, keys],
    queryFn: async ({ signal }) => {
      const answer = await server.getSeries({ run_ids: [runId], keys: [...keys], max_points: MAX_POINTS }, signal);
      return new Map(answer.map((wire) => [wire.key, readSeries(wire)]));
    },
    staleTime: running ? 2000 : Infinity,
    refetchInterval: running ? every(RUNS_MS) : false,
  });

export const artifactsQuery = (runId: string, path: string) =>
  queryOptions({
    queryKey: ["artifacts", runId, path],
    queryFn: ({ signal }) => server.listArtifacts(runId, path, signal),
    staleTime: 15_000,
  });

/** The first bytes of a file as text. */
export const previewQuery = (runId: string, path: string, bytes: number) =>
  queryOptions({
    queryKey: ["preview", runId, path, bytes],
    queryFn: () => server.readArtifact(runId, path, bytes),
    staleTime: 60_000,
    placeholderData: (before: string | undefined, query) => (query?.queryKey[2] === path ? before : undefined),
  });
