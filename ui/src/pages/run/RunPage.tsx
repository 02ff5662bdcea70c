import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useLocation } from "wouter";
import { fileOf } from "../../data/filepath";
import { useWords } from "../../i18n/language";
import { Skeleton } from "../../parts/Empty";
import { Region } from "../../parts/Region";
import { Tabs } from "../../parts/Tabs";
import { NotThere } from "../NotFoundPage";
import { runQuery } from "../queries";
import { Crumbs } from "../shell/Crumbs";
import { MetricsTab } from "./MetricsTab";
import { OverviewTab } from "./OverviewTab";
import { RunHead } from "./RunHead";
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
      <RunHead run={run.data} tab={shown === "overview" ? "" : `/${shown}`} />
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
