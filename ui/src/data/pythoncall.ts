/** What a table shows, as the call that reads it in Python. */
import type { RunScope } from "../api/types";

/** `module`: clew, or mlflow, whose call is the same. */
export function searchCall(scope: RunScope, order: readonly string[], module = "clew"): string {
  const text = (value: string) => JSON.stringify(value);
  const list = (values: readonly string[]) => `[${values.map(text).join(", ")}]`;
  const lines = [
    `experiment_ids=${list(scope.experiment_ids)}`,
    ...(scope.filter ? [`filter_string=${text(scope.filter)}`] : []),
    ...(scope.view === "DELETED_ONLY" ? [`run_view_type=${module}.entities.ViewType.DELETED_ONLY`] : []),
    `order_by=${list(order)}`,
  ];
  return [`import ${module}`, "", `runs = ${module}.search_runs(`, ...lines.map((line) => `    ${line},`), ")"].join("\n");
}
