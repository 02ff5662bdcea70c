/** What a compare page asks of the server beside the runs. */
import { queryOptions } from "@tanstack/react-query";
import { ApiError } from "../../api/http";
import { readArtifact } from "../../api/server";

const MOST_BYTES = 1_000_000;

/** A file that a run keeps of its source; null where it kept none. */
export const sourceQuery = (runId: string, name: "packages.txt" | "changes.diff") =>
  queryOptions({
    queryKey: ["source", runId, name],
    queryFn: async (): Promise<string | null> => {
      try {
        return await readArtifact(runId, `clew/source/${name}`, MOST_BYTES);
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    staleTime: Infinity,
  });
