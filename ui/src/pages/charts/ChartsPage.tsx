import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import { useLocation, useSearch } from "wouter";
import type { ExperimentColumns } from "../../api/types";
import { DEFAULT_SORT, orderBy } from "../../data/columns";
import { splitPath } from "../../data/folders";
import { decodeView, encodeView } from "../../data/viewstate";
import { useWords } from "../../i18n/language";
import { Skeleton } from "../../parts/Empty";
import { FilterBar } from "../../parts/FilterBar";
import { Heading } from "../../parts/Heading";
import { Failure, Region } from "../../parts/Region";
import { NotThere } from "../NotFoundPage";
import { columnsQuery, experimentQuery, runCountQuery } from "../queries";
import { filterExample } from "../runs/filterExample";
import { NoRuns } from "../runs/NoRuns";
import { useFilter } from "../runs/useFilter";
import { Crumbs } from "../shell/Crumbs";
import { useKeys } from "../shell/useKeys";
import { goalOf, isRising, targetOf, type Goal } from "./goal";
import { LayoutSwitch } from "./LayoutSwitch";
import { Workspace } from "./Workspace";
import "../runs/runs.css";
import "./workspace.css";

/** The runs of an experiment as charts. */
export function ChartsPage({ experimentId }: { experimentId: string }) {
  const { t } = useWords();
  const experiment = useQuery(experimentQuery(experimentId));
  const known = useQuery(columnsQuery(experimentId));
  const count = useQuery(runCountQuery(experimentId));
  const name = experiment.data?.name ?? "";
  const goal = useMemo(() => goalOf(experiment.data), [experiment.data]);
  if (experiment.isError && !experiment.data) {
    return (
      <div className="page">
        <Crumbs items={[{ label: t("shell.experiments"), href: "/experiments" }]} />
        <NotThere
          error={experiment.error}
          title={t("runs.noExperiment", { id: experimentId })}
          help={t("runs.noExperiment.help")}
          retry={() => void experiment.refetch()}
        />
      </div>
    );
  }
  return (
    <div className="page page-full">
      <Crumbs items={[{ label: t("shell.experiments"), href: "/experiments" }]} />
      <div className="page-head">
        <Heading title={name ? [name, t("layout.charts")] : []}>
          <span className="h1-folder">{splitPath(name).folder}</span>
          {splitPath(name).name || "\u00a0"}
        </Heading>
        <LayoutSwitch experimentId={experimentId} layout="charts" />
      </div>
      <Region name={experimentId}>
        {known.isError && !known.data ? (
          <Failure error={known.error} retry={() => void known.refetch()} />
        ) : count.data === 0 ? (
          <NoRuns experiment={name} />
        ) : known.data ? (
          <Charts experimentId={experimentId} known={known.data} goal={goal} />
        ) : (
          <Skeleton lines={12} />
        )}
      </Region>
    </div>
  );
}

function Charts({ experimentId, known, goal }: { experimentId: string; known: ExperimentColumns; goal: Goal | null }) {
  const { t } = useWords();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const view = useMemo(() => decodeView(search), [search]);
  const field = useRef<HTMLInputElement>(null);
  const go = useCallback(
    (filter: string, replace: boolean) => {
      const query = encodeView({ ...decodeView(location.search), filter }, location.search);
      navigate(`${path}${query ? `?${query}` : ""}`, { replace });
    },
    [navigate, path],
  );
  const filter = useFilter({
    experimentId,
    applied: view.filter,
    unreachable: t("error.unreachable"),
    commit: go,
    place: (caret) => field.current?.setSelectionRange(caret, caret),
  });
  useKeys({ "/": () => field.current?.focus() });
  const rising = useCallback((metric: string) => isRising(metric, goal), [goal]);
  const scope = { experimentId, filter: view.filter, order: orderBy(view.sort[0] ?? DEFAULT_SORT) };
  const target = useMemo(() => targetOf(known, goal), [known, goal]);
  return (
    <>
      <div className="runs-tools">
        <FilterBar
          field={field}
          value={filter.draft}
          fault={filter.fault}
          busy={filter.checking}
          placeholder={filterExample(known, t)}
          completions={filter.completions}
          result={null}
          onChange={filter.setDraft}
          onCaret={filter.setCaret}
          onComplete={filter.complete}
          onCommit={filter.settle}
          onLeave={() => field.current?.blur()}
        />
      </div>
      <Workspace
        scope={scope}
        known={known}
        target={target}
        rising={rising}
        baseline={new URLSearchParams(search).get("base")}
        beside={false}
        onFilter={filter.setDraft}
      />
    </>
  );
}
