import { useCallback, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { ExperimentColumns } from "../../api/types";
import { useSize } from "../../charts/Layer";
import type { DimensionId } from "../../data/dimension";
import { linePanel, sectionsOf } from "../../data/panels";
import type { RunTable } from "../../data/runtable";
import { useWords } from "../../i18n/language";
import { ChartTools } from "../charts/ChartTools";
import { makeGroups, type Groups, type Shared } from "../charts/model";
import { PanelSettings } from "../charts/PanelSettings";
import type { Scope } from "../charts/queries";
import { Sections } from "../charts/Sections";
import type { Memory } from "../charts/useKept";
import { useLiveCharts } from "../charts/useLiveCharts";
import { useWorkspace } from "../charts/useWorkspace";
import type { PanelSpec } from "../../data/panels";
import type { Compared } from "./compared";

const nothing = () => {};
const NO_TABLE: RunTable = { runs: [], columns: new Map(), total: 0 };

/** The metrics of the compared runs as curves. */
export function CurvesTab({ runs, base, styleOf, rising }: Compared) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const [workspace, change] = useWorkspace();
  const [settings, setSettings] = useState<PanelSpec | null>(null);
  const memory = useRef<Memory>(new Map());
  const experimentId = runs[0]?.info.experiment_id ?? "";
  useLiveCharts(experimentId);
  const known = useMemo<ExperimentColumns>(() => {
    const counts = new Map<string, number>();
    for (const run of runs) for (const { key } of run.data?.metrics ?? []) counts.set(key, (counts.get(key) ?? 0) + 1);
    return { metrics: [...counts].map(([key, count]) => ({ key, runs: count })) };
  }, [runs]);
  const sections = useMemo(
    () =>
      sectionsOf(known, workspace)
        .map((section) => ({ ...section, panels: section.panels.filter((spec) => spec.kind === "lines") }))
        .filter((section) => section.panels.length > 0),
    [known, workspace],
  );
  const scope = useMemo<Scope>(() => ({ experimentId, filter: "", order: [], deleted: false }), [experimentId]);
  const seen = useMemo(() => runs.map((run) => run.info), [runs]);
  const groups = useMemo(() => groupsOf(runs, workspace.group, t("chart.without")), [runs, workspace.group, t]);
  const openRun = useCallback((runId: string) => navigate(`/runs/${runId}`), [navigate]);
  const baseline = runs[base]?.info.run_id ?? null;
  const shared = useMemo<Shared>(
    () => ({ scope, known, workspace, seen, styleOf, table: NO_TABLE, groups, target: null, rising, baseline, addFilter: nothing, addPanel: nothing, openRun, memory: memory.current }),
    [scope, known, workspace, seen, styleOf, groups, rising, baseline, openRun],
  );
  const root = useRef<HTMLDivElement>(null);
  const { width } = useSize(root);
  return (
    <div className="charts-main compare-curves">
      <ChartTools workspace={workspace} known={withParams(known, runs)} change={change} onAdd={null} />
      <div className="charts-scroll" ref={root}>
        <Sections sections={sections} shared={shared} change={change} width={width} root={root} onSettings={setSettings} />
      </div>
      {settings ? (
        <PanelSettings
          spec={settings.kind === "lines" ? settings : linePanel("")}
          known={known}
          workspace={workspace}
          change={change}
          onClose={() => setSettings(null)}
        />
      ) : null}
    </div>
  );
}

/** The keys that the runs can be put together by. */
function withParams(known: ExperimentColumns, runs: Compared["runs"]): ExperimentColumns {
  const params = new Set(runs.flatMap((run) => (run.data?.params ?? []).map((param) => param.key)));
  return { ...known, params: [...params].toSorted().map((key) => ({ key, runs: runs.length })) };
}

function groupsOf(runs: Compared["runs"], group: DimensionId | null, without: string): Groups | null {
  if (group === null) return null;
  const key = group.slice(group.indexOf(".") + 1);
  const names = new Map(
    runs.map((run) => {
      const datasets = (run.inputs?.dataset_inputs ?? []).map((input) => (key === "digest" ? input.dataset.digest : input.dataset.name));
      const text = group.startsWith("p.")
        ? run.data?.params?.find((param) => param.key === key)?.value
        : group.startsWith("d.")
          ? [...new Set(datasets)].toSorted().join(", ")
          : group.startsWith("t.")
            ? run.data?.tags?.find((tag) => tag.key === key)?.value
            : group === "a.status"
              ? run.info.status
              : run.info.user_id;
      return [run.info.run_id, text || without] as const;
    }),
  );
  return makeGroups(names, without);
}
