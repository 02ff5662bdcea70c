/** Python that gets a chart's numbers by the public client, to go on from there. */
import { columnKey, isColumnId, statisticColumn } from "../../data/columns";
import type { PanelSpec } from "../../data/panels";
import { trackingUri } from "../snippets";
import type { Shared } from "./model";

const text = (value: string) => JSON.stringify(value);

function search({ scope, workspace }: Shared, most: string): string[] {
  return [
    "import clew",
    "",
    `clew.set_tracking_uri(${text(trackingUri())})`,
    "runs = clew.search_runs(",
    `    experiment_ids=[${text(scope.experimentId)}],`,
    ...(scope.filter ? [`    filter_string=${text(scope.filter)},`] : []),
    `    order_by=[${scope.order.map(text).join(", ")}],`,
    `    max_results=${most || workspace.top},`,
    ")",
  ];
}

/** The curves of a line panel with Matplotlib; for others, the runs' columns as a pandas frame. */
export function codeOf(spec: PanelSpec, shared: Shared): string {
  if (spec.kind === "lines") {
    const metric = columnKey(spec.fields.metric?.[0] ?? "");
    return [
      ...search(shared, ""),
      "",
      "import matplotlib.pyplot as plt",
      "",
      "client = clew.ClewClient()",
      "for run_id in runs.run_id:",
      `    points = client.get_metric_history(run_id, ${text(metric)})`,
      "    plt.plot([p.step for p in points], [p.value for p in points], label=run_id[:8])",
      "plt.legend()",
      "plt.show()",
      "",
    ].join("\n");
  }
  const chosen = Object.values(spec.fields).flat().filter(isColumnId);
  const columns = chosen.length ? chosen : [...(shared.table?.columns.keys() ?? [])];
  // What a frame of search_runs has columns of.
  const known = [...new Set(columns.filter((id) => /^[pmt]\./.test(id)))].map(statisticColumn);
  return [...search(shared, "2000"), `runs[[${["run_id", ...known].map(text).join(", ")}]]`, ""].join("\n");
}
