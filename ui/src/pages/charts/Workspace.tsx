import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { ExperimentColumns, RunHead } from "../../api/types";
import { useSize } from "../../charts/Layer";
import { isColumnId } from "../../data/columns";
import { bothOf, type DimensionId } from "../../data/dimension";
import { defaultAxes, RELATIONS, sectionsOf, type Fields, type PanelKind, type PanelSpec } from "../../data/panels";
import { assignStyles, drawnStyles, rememberedStyles, rememberStyles } from "../../data/runstyles";
import type { RunTable } from "../../data/runtable";
import { nextIdOf, withPanel } from "../../data/workspace";
import { useWords, type Translate } from "../../i18n/language";
import { Failure } from "../../parts/Region";
import { ChartTools } from "./ChartTools";
import { isSeen, Legend } from "./Legend";
import { makeGroups, type Shared } from "./model";
import { PanelSettings } from "./PanelSettings";
import { MOST_ROWS, runTableQuery, type Scope } from "./queries";
import { Sections } from "./Sections";
import type { Memory } from "./useKept";
import { useLiveCharts } from "./useLiveCharts";
import { useWorkspace } from "./useWorkspace";
import { dimensionName } from "./words";
import "./workspace.css";

const NONE: readonly RunHead[] = [];
const NO_STYLES: ReadonlyMap<string, number> = new Map();

export interface WorkspaceProps {
  scope: Scope;
  known: ExperimentColumns;
  /** What runs are judged by; null where the experiment has no metric. */
  target: DimensionId | null;
  rising: (metric: string) => boolean;
  baseline: string | null;
  /** Whether the table stands beside it: the list of runs is left out. */
  beside: boolean;
  onFilter: (filter: string) => void;
}

/** Charts of the runs that the table finds. */
export function Workspace({ scope: given, known, target, rising, baseline, beside, onFilter }: WorkspaceProps) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const [workspace, change] = useWorkspace();
  const [settings, setSettings] = useState<PanelSpec | "new" | null>(null);
  const { experimentId, filter, deleted } = given;
  const orders = given.order.join("\n");
  const scope = useMemo<Scope>(
    () => ({ experimentId, filter, order: orders.split("\n"), deleted }),
    [experimentId, filter, orders, deleted],
  );
  useLiveCharts(experimentId);

  const sections = useMemo(() => sectionsOf(known, workspace), [known, workspace]);
  const needed = useMemo(() => neededBy(sections.flatMap((section) => section.panels), known, target), [sections, known, target]);
  const head = useMemo(() => [target, workspace.group].filter((id) => id !== null), [target, workspace.group]);
  const drawn = useQuery(runTableQuery(scope, head, workspace.top));
  const all = useQuery({ ...runTableQuery(scope, needed, MOST_ROWS), enabled: needed.length > 0 });

  const runs = drawn.data?.runs ?? NONE;
  const memory = useRef<Memory>(new Map());
  const kept = useRef(new Map<string, number>());
  const styles = useMemo(() => {
    if (kept.current.size === 0) kept.current = rememberedStyles(experimentId);
    const made = assignStyles(runs.map((run) => run.run_id), kept.current);
    for (const [runId, style] of made) if (style >= 0) kept.current.set(runId, style);
    return made;
  }, [runs, experimentId]);
  useEffect(() => rememberStyles(experimentId, styles), [experimentId, styles]);
  useEffect(() => {
    drawnStyles.set(styles);
    return () => drawnStyles.set(NO_STYLES);
  }, [styles]);
  const styleOf = useCallback((runId: string) => styles.get(runId) ?? -1, [styles]);

  const { hidden, only } = workspace;
  const seen = useMemo(
    () => runs.filter((run) => isSeen({ ...workspace, hidden, only }, run.run_id)),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the rest of the workspace does not hide runs
    [runs, hidden, only],
  );
  const groupColumn = workspace.group ? (drawn.data?.columns.get(workspace.group) ?? null) : null;
  const without = t("chart.without");
  const groups = useMemo(
    () => (groupColumn ? makeGroups(new Map(runs.map((run, index) => [run.run_id, groupColumn.texts[index] ?? without])), without) : null),
    [groupColumn, runs, without],
  );

  const addFilter = useCallback((term: string) => onFilter(bothOf(filter, term)), [onFilter, filter]);
  const addPanel = useCallback(
    (kind: PanelKind, fields: Fields) => change((now) => withPanel(now, { id: nextIdOf(now), kind, fields })),
    [change],
  );
  const openRun = useCallback((runId: string) => navigate(`/runs/${runId}`), [navigate]);
  const table = useMemo(() => (all.data ? named(all.data, t) : null), [all.data, t]);
  const shared = useMemo<Shared>(
    () => ({ scope, known, workspace, seen, styleOf, table, groups, target, rising, baseline, addFilter, addPanel, openRun, memory: memory.current }),
    [scope, known, workspace, seen, styleOf, table, groups, target, rising, baseline, addFilter, addPanel, openRun],
  );
  const root = useRef<HTMLDivElement>(null);
  const { width } = useSize(root);

  return (
    <div className={beside ? "charts charts-beside" : "charts"}>
      {beside ? null : (
        <Legend
          runs={runs}
          total={drawn.data?.total ?? 0}
          workspace={workspace}
          change={change}
          styleOf={styleOf}
          groups={groups}
          baseline={baseline}
          value={(target && drawn.data?.columns.get(target)) || null}
        />
      )}
      <div className="charts-main">
        <ChartTools workspace={workspace} known={known} change={change} onAdd={() => setSettings("new")} />
        <div className="charts-scroll" ref={root}>
          {drawn.error && !drawn.data ? <Failure error={drawn.error} retry={() => void drawn.refetch()} /> : null}
          {table && table.total > table.runs.length ? (
            <p className="charts-note">{t("chart.cut", { n: table.runs.length, total: table.total })}</p>
          ) : null}
          <Sections sections={sections} shared={shared} change={change} width={width} root={root} onSettings={setSettings} />
        </div>
      </div>
      {settings ? (
        <PanelSettings
          spec={settings === "new" ? null : settings}
          known={known}
          workspace={workspace}
          change={change}
          onClose={() => setSettings(null)}
        />
      ) : null}
    </div>
  );
}

/** The same columns under the names that readers know. */
function named(table: RunTable, t: Translate): RunTable {
  const columns = [...table.columns].map(([id, column]) => [id, { ...column, label: dimensionName(id, t) }] as const);
  return { ...table, columns: new Map(columns) };
}

/** The columns that the panels which compare runs may show. */
function neededBy(panels: readonly PanelSpec[], known: ExperimentColumns, target: DimensionId | null): DimensionId[] {
  const comparing = panels.filter((spec) => RELATIONS.includes(spec.kind));
  if (comparing.length === 0 || !target) return [];
  const chosen = comparing.flatMap((spec) => Object.values(spec.fields).flat()).filter(isColumnId);
  return [...new Set([...defaultAxes(known, target), ...chosen])].toSorted();
}
