/** What the tabs of a run ask of the server beside the run itself. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { listFiles } from "../../api/charts";
import { ApiError } from "../../api/http";
import { getRun, queryRuns, readArtifact } from "../../api/server";
import type { ArtifactEntry, Run } from "../../api/types";
import { quoteKey } from "../../data/columns";
import { quoteText } from "../../data/filtertext";
import { every, RUNS_MS } from "../queries";

const WHOLE_BYTES = 8_000_000;
const CHILDREN = 50;
const MOST_ANCESTORS = 10;
const PARENT = "mlflow.parentRunId";

const missing = (error: unknown) => error instanceof ApiError && (error.status === 404 || error.status === 400);

/** The files of a folder, none where there is no such folder; asked again while the run goes on. */
export const folderQuery = (runId: string, path: string, running: boolean) =>
  queryOptions({
    queryKey: ["folder", runId, path],
    queryFn: async ({ signal }): Promise<ArtifactEntry[]> => {
      try {
        return (await listFiles(runId, path, signal)).files ?? [];
      } catch (error) {
        if (missing(error)) return [];
        throw error;
      }
    },
    staleTime: running ? 1000 : 15_000,
    refetchInterval: running ? every(RUNS_MS) : false,
  });

/** A file that never changes. */
export const partQuery = (runId: string, path: string) =>
  queryOptions({
    queryKey: ["part", runId, path],
    queryFn: () => readArtifact(runId, path, WHOLE_BYTES),
    staleTime: Infinity,
  });

/** The runs that a run is below, the outermost first. */
export const ancestorsQuery = (run: Run) =>
  queryOptions({
    queryKey: ["ancestors", run.info.run_id],
    queryFn: async ({ signal }) => {
      const found: Run[] = [];
      const parentOf = (one: Run) => one.data?.tags?.find((tag) => tag.key === PARENT)?.value;
      for (let id = parentOf(run); id && found.length < MOST_ANCESTORS; ) {
        try {
          const parent = await getRun(id, signal);
          if (parent.info.run_id === run.info.run_id || found.some((one) => one.info.run_id === parent.info.run_id)) break;
          found.unshift(parent);
          id = parentOf(parent);
        } catch (error) {
          if (missing(error)) break;
          throw error;
        }
      }
      return found;
    },
    staleTime: 60_000,
  });

/** The runs below a run, in pages, with the last value of a metric. */
export const childrenQuery = (experimentId: string, runId: string, metric: string | null, running: boolean) =>
  infiniteQueryOptions({
    queryKey: ["children", experimentId, runId, metric],
    queryFn: ({ pageParam, signal }) =>
      queryRuns(
        {
          experiment_ids: [experimentId],
          filter: `tags.${quoteKey(PARENT)} = ${quoteText(runId)}`,
          order_by: ["attributes.start_time ASC"],
          max_results: CHILDREN,
          columns: metric ? [`metrics.${metric}`] : [],
          ...(pageParam ? { page_token: pageParam } : {}),
        },
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_page_token,
    refetchInterval: running ? every(RUNS_MS) : false,
  });
