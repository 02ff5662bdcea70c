import { useQueryClient } from "@tanstack/react-query";
import * as registry from "../../api/registry";
import { ApiError } from "../../api/http";
import { nameIs, undoOf, type Plan } from "../../data/registry";
import { toasts } from "../../data/toasts";
import { useWords, type Translate } from "../../i18n/language";
import { sayError } from "../sayError";
import { versionsQuery } from "./queries";
import { stageWord } from "./StageBadge";

/** What a registration is made of. Without a source only the name is made. */
export interface Registration {
  name: string;
  description: string;
  /** Empty for none. */
  alias: string;
  source?: string;
  run_id?: string;
  model_id?: string;
}

export interface RegistryActions {
  /** Carries a plan out and offers to undo it. `archived`: versions that leave their stage for it. */
  move: (name: string, plan: Plan, reason: string, archived: readonly string[]) => Promise<void>;
  /** Answers whether it worked. */
  attempt: (work: () => Promise<unknown>) => Promise<boolean>;
  /** Answer whether it worked. What the page shows is not asked for again: it is gone. */
  deleteModel: (name: string) => Promise<boolean>;
  deleteVersion: (name: string, version: string) => Promise<boolean>;
  /** The number of the new version; empty for a name alone, null where it did not work. */
  register: (registration: Registration) => Promise<string | null>;
}

async function carryOut(name: string, plan: Plan, reason: string): Promise<void> {
  if (plan.kind === "stage") {
    const move = { stage: plan.to, archive_existing_versions: plan.archive, reason };
    await registry.moveVersion(name, plan.version, move);
  } else if (plan.to) await registry.setAlias(name, plan.alias, plan.to, reason);
  else await registry.deleteAlias(name, plan.alias, reason);
}

function said(plan: Plan, t: Translate): string {
  if (plan.kind === "stage") return t("models.moved.stage", { version: plan.version, stage: stageWord(plan.to, t) });
  if (plan.to) return t("models.moved.alias", { alias: plan.alias, version: plan.to });
  return t("models.moved.noAlias", { alias: plan.alias });
}

/** Makes the model unless there is one of this name. */
async function ensureModel(name: string): Promise<void> {
  const found = await registry.searchModels({ filter: nameIs(name), max_results: 1 });
  if (found.registered_models?.length) return;
  try {
    await registry.createModel(name, "");
  } catch (error) {
    // Somebody else may have been faster.
    if (!(error instanceof ApiError && error.code === "RESOURCE_ALREADY_EXISTS")) throw error;
  }
}

/** What can be done in the registry; each says what came of it. */
export function useRegistryActions(): RegistryActions {
  const { t } = useWords();
  const client = useQueryClient();
  const attempt = async (work: () => Promise<unknown>, refetchType: "active" | "none" = "active") => {
    let done = true;
    try {
      await work();
    } catch (error) {
      done = false;
      sayError(error, t);
    }
    await client.invalidateQueries({ queryKey: ["models"], refetchType });
    return done;
  };
  return {
    attempt: (work) => attempt(work),
    deleteModel: (name) => attempt(() => registry.deleteModel(name), "none"),
    deleteVersion: (name, version) =>
      attempt(async () => {
        await registry.deleteVersion(name, version);
        const { queryKey } = versionsQuery(name);
        client.setQueryData(queryKey, (before) => before?.filter((one) => one.version !== version));
      }, "none"),
    move: async (name, plan, reason, archived) => {
      const back = async () => {
        for (const step of undoOf(plan, archived)) await carryOut(name, step, t("models.undone"));
      };
      const action = { label: t("undo"), run: () => void attempt(back) };
      if (await attempt(() => carryOut(name, plan, reason))) toasts.show(said(plan, t), { action });
    },
    register: async ({ name, description, alias, source, ...origin }) => {
      let version = "";
      const done = await attempt(async () => {
        if (!source) return registry.createModel(name, description);
        await ensureModel(name);
        version = (await registry.createVersion({ name, source, description, ...origin })).version;
        return alias ? registry.setAlias(name, alias, version, "") : undefined;
      });
      return done ? version : null;
    },
  };
}
