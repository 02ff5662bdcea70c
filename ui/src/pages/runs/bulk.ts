/** Actions on the selected runs, each with what is said afterwards and the way back where there is one. */
import { bulkRuns, downloadRuns, giveStar } from "../../api/server";
import type { BulkAction, BulkResult, BulkTarget, RunScope, TableFormat } from "../../api/types";
import { forgetCompared } from "../../data/comparison";
import { allOf, idTerm } from "../../data/filtertext";
import { selectedCount, type Selection } from "../../data/selection";
import { toasts } from "../../data/toasts";
import type { MessageKey, Words } from "../../i18n/language";
import { sayError } from "../sayError";

/** What a selection is selected from. */
export interface SelectedFrom {
  scope: RunScope;
  selection: Selection;
  /** How many runs match. */
  total: number;
}

export function targetOf({ scope, selection, total }: SelectedFrom): BulkTarget {
  if (!selection.all) return { run_ids: [...selection.ids] };
  return { ...scopeOf({ scope, selection, total }), expected_total: selectedCount(selection, total) };
}

/** The scope that finds just the selected runs. */
export function scopeOf({ scope, selection }: SelectedFrom): RunScope {
  const ids = [...selection.ids];
  if (!selection.all) return { ...scope, filter: idTerm(ids) };
  const filter = allOf([scope.filter ?? "", ids.length ? idTerm(ids, "NOT IN") : ""]);
  return filter ? { ...scope, filter } : scope;
}

const DONE: Record<BulkAction["action"], MessageKey> = {
  tag: "bulk.tagged",
  rename: "bulk.renamed",
  delete: "bulk.deleted",
  restore: "bulk.restored",
  move: "bulk.moved",
  copy: "bulk.copied",
};

function inverse(action: BulkAction, from: string): BulkAction | null {
  if (action.action === "delete") return { action: "restore" };
  if (action.action === "restore") return { action: "delete" };
  if (action.action === "move") return { action: "move", target_experiment_id: from };
  return null;
}

/** Carries out an action and says what came of it; `after` is called when the runs have changed. */
export async function act(from: SelectedFrom, action: BulkAction, after: () => void, { t }: Words): Promise<void> {
  try {
    const target = targetOf(from);
    const result = await bulkRuns(target, action);
    after();
    const changed = result.run_ids ?? succeeded(target.run_ids ?? [], result);
    if (action.action === "delete") forgetCompared(changed);
    const back = inverse(action, from.scope.experiment_ids[0] ?? "");
    const undo = back && changed.length ? { label: t("undo"), run: () => void undone(changed, back, after, t) } : undefined;
    toasts.show(t(DONE[action.action], { n: result.done ?? 0 }), undo ? { action: undo } : {});
    sayFailures(result, t);
  } catch (error) {
    sayError(error, t);
  }
}

function succeeded(ids: readonly string[], { failed = [] }: BulkResult): string[] {
  const without = new Set(failed.map((one) => one.run_id));
  return ids.filter((id) => !without.has(id));
}

async function undone(ids: string[], back: BulkAction, after: () => void, t: Words["t"]): Promise<void> {
  try {
    const result = await bulkRuns({ run_ids: ids }, back);
    after();
    toasts.show(t("undone", { n: result.done ?? 0 }));
    sayFailures(result, t);
  } catch (error) {
    sayError(error, t);
  }
}

function sayFailures({ failed = [] }: BulkResult, t: Words["t"]): void {
  const [first] = failed;
  if (first) toasts.show(t("bulk.failed", { n: failed.length, message: first.message }), { tone: "bad" });
}

/** One action changes at most so many runs; an export has no limit. */
export const MAX_CHANGED = 10_000;

/** Stars of at most so many runs are given one by one. */
export const MAX_STARS = 100;

export async function starAll(ids: readonly string[], after: () => void, { t }: Words): Promise<void> {
  try {
    await Promise.all(ids.map((id) => giveStar("run", id)));
    after();
    toasts.show(t("bulk.starred", { n: ids.length }));
  } catch (error) {
    sayError(error, t);
  }
}

/** Saves runs as a file, with all their values, in the table's order. */
export async function downloadScope(
  scope: RunScope,
  order: readonly string[],
  format: TableFormat,
  name: string,
  { t }: Words,
): Promise<void> {
  try {
    const file = await downloadRuns({ ...scope, order_by: [...order], format });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = `${name.replaceAll(/[^\w.-]+/g, "-") || "runs"}.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (error) {
    sayError(error, t);
  }
}
