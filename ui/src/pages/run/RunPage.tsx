import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Link, useLocation } from "wouter";
import type { Run } from "../../api/types";
import { fileOf } from "../../data/filepath";
import { formatAge, formatDuration, formatTime } from "../../data/format";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Skeleton } from "../../parts/Empty";
import { Heading } from "../../parts/Heading";
import { useNow } from "../../parts/Now";
import { Region } from "../../parts/Region";
import { StatusBadge } from "../../parts/Status";
import { Tabs } from "../../parts/Tabs";
import { NotThere } from "../NotFoundPage";
import { experimentQuery, runQuery } from "../queries";
import { Crumbs } from "../shell/Crumbs";
import { MetricsTab } from "./MetricsTab";
import { OverviewTab } from "./OverviewTab";
import "./run.css";

// Viewers come when a file is looked at.
const ArtifactsTab = lazy(async () => ({ default: (await import("./ArtifactsTab")).ArtifactsTab }));
const LogsTab = lazy(async () => ({ default: (await import("./LogsTab")).LogsTab }));
const ReproduceTab = lazy(async () => ({ default: (await import("./ReproduceTab")).ReproduceTab }));
const TreeTab = lazy(async () => ({ default: (await import("./TreeTab")).TreeTab }));

/** Tabs whose parts scroll each for itself. */
const FULL: readonly string[] = ["artifacts", "logs"];
const TABS = ["overview", "metrics", "system", "artifacts", "logs", "reproduce", "tree"] as const;
type TabName = (typeof TABS)[number];

/** One run: what it was given and what it produced. */
export function RunPage({ runId, tab }: { runId: string; tab: string }) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const run = useQuery(runQuery(runId));
  const shown: TabName = TABS.find((name) => name === tab) ?? "overview";

  if (!run.data) {
    return (
      <div className="page">
        <Crumbs items={[{ label: t("shell.experiments"), href: "/experiments" }]} />
        {run.isError ? (
          <NotThere
            error={run.error}
            title={t("run.notFound", { id: runId })}
            help={t("run.notFound.help")}
            retry={() => void run.refetch()}
          />
        ) : (
          <Skeleton lines={10} />
        )}
      </div>
    );
  }
  return (
    <div className={FULL.includes(shown) ? "page run-page run-page-full" : "page run-page"}>
      <RunHead run={run.data} />
      <Tabs
        label={t("run.parts")}
        name="run"
        selected={shown}
        onSelect={(id) => navigate(`/runs/${encodeURIComponent(runId)}${id === "overview" ? "" : `/${id}`}`)}
        tabs={TABS.map((id) => ({ id, label: t(`run.tab.${id}`) }))}
      />
      <div role="tabpanel" id="run-panel" aria-labelledby={`run-${shown}`} className="run-panel">
        <Region name={shown}>
          <Suspense fallback={<Skeleton lines={8} />}>
            {shown === "overview" ? <OverviewTab run={run.data} /> : null}
            {shown === "metrics" ? <MetricsTab run={run.data} /> : null}
            {shown === "system" ? <MetricsTab key="system" run={run.data} system /> : null}
            {shown === "logs" ? <LogsTab run={run.data} /> : null}
            {shown === "reproduce" ? <ReproduceTab run={run.data} /> : null}
            {shown === "tree" ? <TreeTab run={run.data} /> : null}
            {shown === "artifacts" ? <ArtifactsTab run={run.data} path={fileOf(location.pathname)} /> : null}
          </Suspense>
        </Region>
      </div>
    </div>
  );
}

function RunHead({ run }: { run: Run }) {
  const { t, language } = useWords();
  const now = useNow();
  const { info } = run;
  const experiment = useQuery(experimentQuery(info.experiment_id));
  const experimentName = experiment.data?.name ?? info.experiment_id;
  const name = info.run_name || info.run_id.slice(0, 8);
  const tags = new Map(run.data?.tags?.map((tag) => [tag.key, tag.value]));
  const parent = tags.get("mlflow.parentRunId");
  const end = info.end_time ?? (info.status === "RUNNING" ? now : undefined);
  return (
    <header className="run-head">
      <Crumbs
        items={[
          { label: t("shell.experiments"), href: "/experiments" },
          { label: experimentName, href: `/experiments/${info.experiment_id}/runs` },
        ]}
      />
      <div className="page-head">
        <Heading title={[name, experimentName]}>{name}</Heading>
        <StatusBadge status={info.status} />
        {info.lifecycle_stage === "deleted" ? <span className="badge tone-bad">{t("run.deleted")}</span> : null}
      </div>
      <p className="run-facts">
        {info.start_time ? (
          <span title={formatTime(info.start_time, language)}>
            {t("run.started", { age: formatAge(info.start_time, now, language) })}
          </span>
        ) : null}
        {info.start_time && end ? (
          <span>
            {t(info.end_time ? "run.took" : "run.soFar", { duration: formatDuration(end - info.start_time, language) })}
          </span>
        ) : null}
        {info.user_id ? <span>{info.user_id}</span> : null}
        {parent ? (
          <span>
            {t("run.parent")} <Link href={`/runs/${parent}`}>{parent.slice(0, 8)}</Link>
          </span>
        ) : null}
        <span className="run-id">
          <code>{info.run_id}</code>
          <CopyButton small text={info.run_id} label={t("run.copyId")} />
        </span>
      </p>
    </header>
  );
}
