import { useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { Swatch } from "../../charts/Swatch";
import { strokeOf, useColors } from "../../charts/useColors";
import { goalOf, isRising } from "../../data/goal";
import { COMPARE_TABS, decodeComparison, encodeComparison, rememberComparison, type Comparison } from "../../data/comparison";
import { assignStyles, rememberedStyles } from "../../data/runstyles";
import { useWords, type MessageKey } from "../../i18n/language";
import { Empty, Skeleton } from "../../parts/Empty";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import { faultOf, Region } from "../../parts/Region";
import { Tabs } from "../../parts/Tabs";
import { runName } from "../charts/model";
import { experimentQuery, runQuery } from "../queries";
import { Crumbs } from "../shell/Crumbs";
import { AddRun } from "./AddRun";
import { ArtifactsTab } from "./ArtifactsTab";
import { CodeTab } from "./CodeTab";
import type { Compared } from "./compared";
import { CurvesTab } from "./CurvesTab";
import { ImagesTab } from "./ImagesTab";
import { ValuesTab } from "./ValuesTab";
import "../charts/workspace.css";
import "./compare.css";

const TAB_WORDS: Record<(typeof COMPARE_TABS)[number], MessageKey> = {
  values: "compare.values",
  curves: "compare.curves",
  artifacts: "run.tab.artifacts",
  images: "compare.images",
  code: "compare.code",
};

/** Runs beside each other: where they differ, and what they made. */
export function ComparePage() {
  const { t } = useWords();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const comparison = useMemo(() => decodeComparison(search), [search]);
  useEffect(() => rememberComparison(comparison), [comparison]);
  const results = useQueries({ queries: comparison.runs.map((runId) => runQuery(runId)) });
  const go = useCallback(
    (change: Partial<Comparison>, replace = true) => {
      const next = { ...decodeComparison(location.search), ...change };
      navigate(`${path}?${encodeComparison(next, location.search)}`, { replace });
    },
    [navigate, path],
  );
  const found = results.flatMap((result) => result.data ?? []);
  const names = found.map((run) => run.info.run_id).join();
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- the list is new at each render, its runs are not
  const runs = useMemo(() => found, [names, ...found]);
  const missing = comparison.runs.filter((_runId, index) => results[index]?.isError);
  const experimentId = runs[0]?.info.experiment_id ?? "";
  const experiment = useQuery({ ...experimentQuery(experimentId), enabled: experimentId !== "" });
  const styles = useMemo(
    () => assignStyles(names ? names.split(",") : [], rememberedStyles(experimentId)),
    [names, experimentId],
  );
  const styleOf = useCallback((runId: string) => styles.get(runId) ?? -1, [styles]);
  const base = Math.max(0, runs.findIndex((run) => run.info.run_id === comparison.base));
  const goal = useMemo(() => goalOf(experiment.data?.tags), [experiment.data]);
  const rising = useCallback((metric: string) => isRising(metric, goal), [goal]);
  const { all } = comparison;
  const compared = useMemo<Compared>(() => ({ runs, base, styleOf, all, rising }), [runs, base, styleOf, all, rising]);
  const pending = results.some((result) => result.isPending);
  const title = t("compare.title", { n: comparison.runs.length });

  return (
    <div className="page compare-page">
      <Crumbs
        items={[
          { label: t("shell.experiments"), href: "/experiments" },
          ...(experiment.data ? [{ label: experiment.data.name, href: `/experiments/${experimentId}/runs` }] : []),
        ]}
      />
      <div className="page-head">
        <Heading title={[title]}>{title}</Heading>
        {experimentId ? <AddRun experimentId={experimentId} chosen={comparison.runs} onAdd={(runId) => go({ runs: [...comparison.runs, runId] })} /> : null}
      </div>
      {missing.map((runId) => (
        <p key={runId} className="compare-missing" role="status">
          <Icon name="warning" />
          <code>{runId}</code>
          <span>{faultOf(results[comparison.runs.indexOf(runId)]?.error).message}</span>
          <button type="button" className="button-link" onClick={() => go({ runs: comparison.runs.filter((other) => other !== runId) })}>
            {t("compare.drop")}
          </button>
        </p>
      ))}
      {comparison.runs.length === 0 ? (
        <Empty icon="experiments" title={t("compare.none")}>
          <p>{t("compare.none.help")}</p>
          <Link href="/experiments">{t("notFound.back")}</Link>
        </Empty>
      ) : pending && runs.length === 0 ? (
        <Skeleton lines={10} />
      ) : (
        <>
          <RunChips compared={compared} onBase={(runId) => go({ base: runId })} onDrop={(runId) => go({ runs: comparison.runs.filter((other) => other !== runId) })} />
          <div className="compare-bar">
            <Tabs
              label={t("compare.parts")}
              name="compare"
              selected={comparison.tab}
              onSelect={(tab) => go({ tab: COMPARE_TABS.find((one) => one === tab) ?? "values" }, false)}
              tabs={COMPARE_TABS.map((id) => ({ id, label: t(TAB_WORDS[id]) }))}
            />
            {comparison.tab === "values" || comparison.tab === "code" ? (
              <label className="check">
                <input type="checkbox" checked={!comparison.all} onChange={(event) => go({ all: !event.target.checked })} />
                {t("compare.only")}
              </label>
            ) : null}
          </div>
          <div role="tabpanel" id="compare-panel" aria-labelledby={`compare-${comparison.tab}`} className="compare-panel">
            <Region name={comparison.tab}>
              {comparison.tab === "values" ? <ValuesTab {...compared} /> : null}
              {comparison.tab === "curves" ? <CurvesTab {...compared} /> : null}
              {comparison.tab === "artifacts" ? <ArtifactsTab {...compared} /> : null}
              {comparison.tab === "images" ? <ImagesTab {...compared} /> : null}
              {comparison.tab === "code" ? <CodeTab {...compared} /> : null}
            </Region>
          </div>
        </>
      )}
    </div>
  );
}

/** The compared runs: which is the baseline, and a way to take one out. */
function RunChips({ compared, onBase, onDrop }: { compared: Compared; onBase: (runId: string) => void; onDrop: (runId: string) => void }) {
  const { t } = useWords();
  const colors = useColors();
  return (
    <ul className="run-chips">
      {compared.runs.map((run, index) => {
        const name = runName(run.info);
        const id = run.info.run_id;
        return (
          <li key={id}>
            <Swatch stroke={strokeOf(compared.styleOf(id), colors)} />
            <Link href={`/runs/${id}`}>{name}</Link>
            {run.info.lifecycle_stage === "deleted" ? <span className="badge tone-bad">{t("run.deleted")}</span> : null}
            {index === compared.base ? (
              <span className="legend-base">{t("legend.baseline")}</span>
            ) : (
              <button type="button" className="button-link" aria-label={t("compare.makeBase", { name })} title={t("compare.makeBase", { name })} onClick={() => onBase(id)}>
                {t("compare.base")}
              </button>
            )}
            <button type="button" className="icon-button" aria-label={t("compare.remove", { name })} title={t("compare.remove", { name })} onClick={() => onDrop(id)}>
              <Icon name="close" />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
