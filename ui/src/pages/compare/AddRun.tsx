import { useQuery } from "@tanstack/react-query";
import { MOST_COMPARED } from "../../data/comparison";
import { useWords } from "../../i18n/language";
import { runName } from "../charts/model";
import { runTableQuery } from "../charts/queries";

const OFFERED = 100;
const NEWEST = ["attributes.start_time DESC"];

/** The newest runs of the experiment, to take one more into the comparison. */
export function AddRun({ experimentId, chosen, onAdd }: { experimentId: string; chosen: readonly string[]; onAdd: (runId: string) => void }) {
  const { t } = useWords();
  // What was asked for before may hold runs that were deleted since.
  const runs = useQuery({
    ...runTableQuery({ experimentId, filter: "", order: NEWEST, deleted: false }, [], OFFERED),
    refetchOnMount: "always",
  });
  const others = (runs.data?.runs ?? []).filter((run) => !chosen.includes(run.run_id));
  if (others.length === 0 || chosen.length >= MOST_COMPARED) return null;
  return (
    <select className="select compare-add" aria-label={t("compare.add")} value="" onChange={(event) => event.target.value && onAdd(event.target.value)}>
      <option value="">{t("compare.add")}</option>
      {others.map((run) => (
        <option key={run.run_id} value={run.run_id}>
          {runName(run)}
        </option>
      ))}
    </select>
  );
}
