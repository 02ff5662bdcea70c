/** What charts ask of the server. Answers stand until the event stream says that something changed. */
import { keepPreviousData, queryOptions, type UseQueryResult } from "@tanstack/react-query";
import { getImportance, getPackedSeries, listFiles, readJsonFile } from "../../api/charts";
import { queryRuns } from "../../api/server";
import type { CellValue, RunHead, SeriesQuery } from "../../api/types";
import { statisticColumn } from "../../data/columns";
import { type DimensionId } from "../../data/dimension";
import { unpack } from "../../data/packed";
import { makeColumn, type RunTable } from "../../data/runtable";

/** Which runs a charts page is about, and in which order. */
export interface Scope {
  experimentId: string;
  filter: string;
  order: readonly string[];
  /** Whether it is about runs in the trash. */
  deleted: boolean;
}

const scopeOf = ({ experimentId, filter, deleted }: Scope) => ({
  experiment_ids: [experimentId],
  ...(filter ? { filter } : {}),
  ...(deleted ? { view: "DELETED_ONLY" as const } : {}),
});

const PAGE = 500;
/** Runs of one chart that compares runs. */
export const MOST_ROWS = 2000;

/** The first runs of a scope with some columns; a request for each 500. */
export const runTableQuery = (scope: Scope, dimensions: readonly DimensionId[], most: number) =>
  queryOptions({
    queryKey: ["run-table", scope, dimensions, most],
    queryFn: async ({ signal }): Promise<RunTable> => {
      const wire = dimensions.map(statisticColumn);
      const cells = new Map<string, CellValue[]>(wire.map((name) => [name, []]));
      const runs: RunHead[] = [];
      let token: string | undefined;
      let total = 0;
      do {
        const page = await queryRuns(
          {
            ...scopeOf(scope),
            order_by: [...scope.order],
            max_results: Math.min(PAGE, most - runs.length),
            columns: wire,
            ...(token ? { page_token: token } : {}),
          },
          signal,
        );
        const came = page.runs ?? [];
        runs.push(...came);
        for (const name of wire) cells.get(name)?.push(...(page.columns?.[name] ?? came.map(() => null)));
        token = page.next_page_token;
        total = page.total;
      } while (token && runs.length < most);
      const columns = dimensions.map((id) => makeColumn(id, cells.get(statisticColumn(id)) ?? []));
      return { runs, total, columns: new Map(columns.map((column) => [column.id, column])) };
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

export interface LinesWish {
  runIds: readonly string[];
  keys: readonly string[];
  x: SeriesQuery["x"];
  points: number;
  /** In the axis's own units: steps, or seconds. */
  range: readonly [number, number] | null;
}

/** Metrics of many runs for one panel, in one request. Times become seconds. */
export const linesQuery = (wish: LinesWish) =>
  queryOptions({
    queryKey: ["lines", wish],
    queryFn: async ({ signal }) => {
      const { runIds, keys, x, points, range } = wish;
      const perUnit = x === "step" ? 1 : 1000;
      const [from, to] = range ? [Math.floor(range[0] * perUnit), Math.ceil(range[1] * perUnit)] : [];
      const part = x === "step" ? { start_step: from, end_step: to } : { start_time: from, end_time: to };
      const asked = { run_ids: [...runIds], keys: [...keys], max_points: points, x };
      const query: SeriesQuery = from === undefined || to === undefined ? asked : { ...asked, ...(part as { start_step: number; end_step: number }) };
      return (await getPackedSeries(query, signal)).map((series) => unpack(series, perUnit));
    },
    enabled: wish.runIds.length > 0,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

export const importanceQuery = (scope: Scope, metric: string, summary: "min" | "max" | "first" | "mean" | null) =>
  queryOptions({
    queryKey: ["importance", scope, metric, summary],
    queryFn: ({ signal }) =>
      getImportance(
        {
          ...scopeOf(scope),
          metric,
          ...(summary ? { summary } : {}),
        },
        signal,
      ),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });

/** The files of one folder of a run; none where there is no such folder. */
export const filesQuery = (runId: string, path: string) =>
  queryOptions({
    queryKey: ["files", runId, path],
    queryFn: async ({ signal }) => (await listFiles(runId, path, signal)).files ?? [],
    staleTime: 15_000,
    retry: false,
  });

export const jsonFileQuery = <T>(runId: string, path: string) =>
  queryOptions({
    queryKey: ["json-file", runId, path],
    queryFn: ({ signal }) => readJsonFile<T>(runId, path, signal),
    staleTime: Infinity,
  });

/** For useQueries: the answers, and whether one is still on its way. */
export const gather = <T,>(results: UseQueryResult<T>[]) => ({
  answers: results.map((result) => result.data),
  pending: results.some((result) => result.isPending),
});
