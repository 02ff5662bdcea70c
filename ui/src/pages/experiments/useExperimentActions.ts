import { useQueryClient } from "@tanstack/react-query";
import {
  createExperiment,
  deleteExperiment,
  giveStar,
  renameExperiment,
  restoreExperiment,
  takeStar,
} from "../../api/server";
import type { ExperimentActivity } from "../../api/types";
import { goalTags } from "../../data/goal";
import { toasts } from "../../data/toasts";
import { useWords } from "../../i18n/language";
import { sayError } from "../sayError";
import { starsQuery } from "../queries";
import type { ExperimentDraft } from "./ExperimentForm";

const NOTE_TAG = "mlflow.note.content";

export interface ExperimentActions {
  create: (draft: ExperimentDraft) => Promise<void>;
  rename: (row: ExperimentActivity, name: string) => Promise<void>;
  star: (row: ExperimentActivity) => Promise<void>;
  trash: (rows: readonly ExperimentActivity[], deleted: boolean) => Promise<void>;
}

/** What can be done with experiments; each says what came of it. */
export function useExperimentActions(): ExperimentActions {
  const { t } = useWords();
  const client = useQueryClient();
  const attempt = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      sayError(error, t);
    }
    await client.invalidateQueries({ queryKey: ["experiments"] });
  };
  const move = async (rows: readonly ExperimentActivity[], deleted: boolean) => {
    for (const row of rows) await (deleted ? restoreExperiment : deleteExperiment)(row.experiment_id);
  };
  return {
    create: (draft) =>
      attempt(async () => {
        const metric = draft.metric.trim();
        const tags = [
          ...(draft.note ? [{ key: NOTE_TAG, value: draft.note }] : []),
          ...(metric ? goalTags({ metric, rising: draft.rising }) : []),
        ];
        await createExperiment(draft.name, tags);
        toasts.show(t("experiments.created", { name: draft.name }));
      }),
    rename: (row, name) => attempt(async () => void (await renameExperiment(row.experiment_id, name))),
    star: (row) =>
      attempt(async () => {
        await (row.starred ? takeStar : giveStar)("experiment", row.experiment_id);
        await client.invalidateQueries({ queryKey: starsQuery.queryKey });
      }),
    trash: (rows, deleted) =>
      attempt(async () => {
        await move(rows, deleted);
        toasts.show(t(deleted ? "experiments.restored" : "experiments.deleted", { n: rows.length }), {
          action: { label: t("undo"), run: () => void attempt(() => move(rows, !deleted)) },
        });
      }),
  };
}
