import { useQueryClient } from "@tanstack/react-query";
import { deleteRunTag, renameRun, setRunTag } from "../../api/server";
import type { Run } from "../../api/types";
import { NOTHING, toggled } from "../../data/selection";
import { useWords } from "../../i18n/language";
import { runQuery } from "../queries";
import { act } from "../runs/bulk";
import { sayError } from "../sayError";
import type { RunDraft } from "./RunForm";

export const NOTE_TAG = "mlflow.note.content";

export const tagOf = (run: Run, key: string) => run.data?.tags?.find((tag) => tag.key === key)?.value;

/** What can be done with one run on its page. */
export function useRunActions(run: Run) {
  const words = useWords();
  const client = useQueryClient();
  const { run_id: runId, experiment_id: experimentId, lifecycle_stage: stage } = run.info;
  const again = () => client.invalidateQueries({ queryKey: runQuery(runId).queryKey });
  const change = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      sayError(error, words.t);
    } finally {
      await again();
    }
  };
  return {
    save: ({ name, note }: RunDraft) =>
      change(async () => {
        if (name !== run.info.run_name) await renameRun(runId, name);
        if (note !== (tagOf(run, NOTE_TAG) ?? "")) {
          await (note ? setRunTag(runId, NOTE_TAG, note) : deleteRunTag(runId, NOTE_TAG));
        }
      }),
    setTag: (key: string, value: string) => change(() => setRunTag(runId, key, value)),
    dropTag: (key: string) => change(() => deleteRunTag(runId, key)),
    /** Moves the run to the trash, or back. */
    trash: () =>
      act(
        { scope: { experiment_ids: [experimentId] }, selection: toggled(NOTHING, runId), total: 1 },
        { action: stage === "deleted" ? "restore" : "delete" },
        () => void again(),
        words,
      ),
  };
}
