import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { Picker } from "../../parts/Picker";
import { Failure } from "../../parts/Region";
import { experimentsQuery } from "../queries";

interface ExperimentDialogProps {
  title: string;
  /** The id of an experiment that is not offered. */
  without: string;
  onClose: () => void;
  onPick: (experimentId: string) => void;
}

/** Asks for an experiment. */
export function ExperimentDialog({ title, without, onClose, onPick }: ExperimentDialogProps) {
  const { t } = useWords();
  const [search, setSearch] = useState("");
  const found = useQuery(experimentsQuery({ search }));
  const options = (found.data?.experiments ?? [])
    .filter((experiment) => experiment.experiment_id !== without)
    .map((experiment) => ({
      id: experiment.experiment_id,
      label: experiment.name,
      detail: t("runs.count", { n: experiment.runs ?? 0 }),
    }));
  return (
    <Drawer title={title} place="middle" onClose={onClose}>
      {found.isError && !found.data ? <Failure error={found.error} retry={() => void found.refetch()} /> : null}
      <Picker label={t("experiments.find")} options={options} onSearch={setSearch} onPick={onPick} />
    </Drawer>
  );
}
