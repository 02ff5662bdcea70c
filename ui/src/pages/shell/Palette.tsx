import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { quoteText } from "../../data/filtertext";
import { live } from "../../data/live";
import { pageActions, type PageAction } from "../../data/pageactions";
import { decodeModels, modelAddress } from "../../data/registry";
import { chooseLanguage, useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import type { IconName } from "../../parts/icons";
import { Picker, type Option } from "../../parts/Picker";
import { theme } from "../../theme/mode";
import { modelsQuery } from "../models/queries";
import { experimentsQuery, findRunsQuery } from "../queries";

const MAX_EXPERIMENTS = 8;
const MAX_MODELS = 8;
const MAX_ACTIONS = 12;

interface Command extends Option {
  icon: IconName;
  run: () => void;
}

/** Finds experiments, runs and actions by name. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const [search, setSearch] = useState("");
  const wanted = search.trim();
  const [actions] = useState(() => pageActions.get());
  const experiments = useQuery(experimentsQuery({ search: wanted }));
  const everywhere = useQuery(experimentsQuery({ search: "" }));
  const ids = useMemo(
    () => (everywhere.data?.experiments ?? []).map((experiment) => experiment.experiment_id),
    [everywhere.data],
  );
  const runs = useQuery(findRunsQuery(ids, wanted));
  const models = useQuery({
    ...modelsQuery({ ...decodeModels(""), filter: quoteText(wanted) }),
    enabled: wanted !== "",
    refetchInterval: false,
  });

  const go = (path: string) => () => navigate(path);
  const command = (action: PageAction): Command => ({
    id: `action ${action.id}`,
    label: action.label,
    icon: "command",
    ...(action.keys ? { detail: action.keys } : {}),
    run: action.run,
  });
  const own: PageAction[] = [
    ...actions,
    { id: "experiments", label: t("keys.experiments"), keys: "g e", run: go("/experiments") },
    { id: "models", label: t("keys.models"), keys: "g m", run: go("/models") },
    { id: "webhooks", label: t("keys.webhooks"), keys: "g w", run: go("/webhooks") },
    {
      id: "theme",
      label: t("keys.theme"),
      keys: "d",
      run: () => theme.choose(theme.shown() === "dark" ? "light" : "dark"),
    },
    { id: "english", label: "English", run: () => void chooseLanguage("en") },
    { id: "chinese", label: "简体中文", run: () => void chooseLanguage("zh-CN") },
    { id: "live", label: t("keys.live"), keys: "l", run: live.toggle },
    { id: "help", label: t("shell.shortcuts"), keys: "?", run: onHelp },
  ];
  const fits = (label: string) => label.toLowerCase().includes(wanted.toLowerCase());
  const found: Command[] = [
    ...(wanted ? (runs.data ?? []) : []).map((run): Command => ({
      id: `run ${run.run_id}`,
      label: run.run_name || run.run_id,
      icon: "charts",
      detail: `${t("palette.run")} · ${run.run_id.slice(0, 8)}`,
      run: go(`/runs/${run.run_id}`),
    })),
    ...(experiments.data?.experiments ?? []).slice(0, MAX_EXPERIMENTS).map((experiment): Command => ({
      id: `experiment ${experiment.experiment_id}`,
      label: experiment.name,
      icon: "experiments",
      detail: t("runs.count", { n: experiment.runs ?? 0 }),
      run: go(`/experiments/${experiment.experiment_id}/runs`),
    })),
    ...(wanted ? (models.data?.registered_models ?? []) : []).slice(0, MAX_MODELS).map((model): Command => ({
      id: `model ${model.name}`,
      label: model.name,
      icon: "box",
      detail: t("palette.model"),
      run: go(modelAddress(model.name)),
    })),
    ...own.filter((action) => fits(action.label)).slice(0, MAX_ACTIONS).map(command),
  ];
  return (
    <Drawer title={t("palette.title")} place="top" onClose={onClose}>
      <Picker
        label={t("palette.hint")}
        options={found}
        onSearch={setSearch}
        onPick={(id) => {
          onClose();
          found.find((one) => one.id === id)?.run();
        }}
      />
    </Drawer>
  );
}
