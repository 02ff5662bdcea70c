import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { address } from "../../api/http";
import type { ExperimentColumns } from "../../api/types";
import { arrange, DEFAULT_SORT, defaultColumns, orderBy, roomFor, wireColumn } from "../../data/columns";
import { splitPath } from "../../data/folders";
import { decodeView, encodeView, nextSort, type ViewState } from "../../data/viewstate";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Skeleton } from "../../parts/Empty";
import { FilterBar } from "../../parts/FilterBar";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import { Failure, Region } from "../../parts/Region";
import { LayoutSwitch } from "../charts/LayoutSwitch";
import { NotThere } from "../NotFoundPage";
import { columnsQuery, experimentQuery, runCountQuery } from "../queries";
import { Crumbs } from "../shell/Crumbs";
import { useKeys } from "../shell/useKeys";
import { ColumnChooser } from "./ColumnChooser";
import { filterExample } from "./filterExample";
import { NoMatch, NoRuns } from "./NoRuns";
import { RunsFoot } from "./RunsFoot";
import { RunsGrid } from "./RunsGrid";
import { useFilter } from "./useFilter";
import { useRefresh, useRunPages } from "./useRunPages";
import "./runs.css";

const NO_COLUMNS: ExperimentColumns = {};

/** The runs of an experiment as a table. */
export function RunsPage({ experimentId }: { experimentId: string }) {
  const { t } = useWords();
  const experiment = useQuery(experimentQuery(experimentId));
  const known = useQuery(columnsQuery(experimentId));
  const count = useQuery(runCountQuery(experimentId));
  const name = experiment.data?.name ?? "";

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
        <Heading title={name ? [name] : []}>
          <span className="h1-folder">{splitPath(name).folder}</span>
          {splitPath(name).name || "\u00a0"}
        </Heading>
        <CopyButton small text={experimentId} label={t("runs.copyId", { id: experimentId })} />
        <LayoutSwitch experimentId={experimentId} layout="table" />
      </div>
      <Region name={experimentId}>
        {known.isError && !known.data ? (
          <Failure error={known.error} retry={() => void known.refetch()} />
        ) : (
          <RunsTable
            experimentId={experimentId}
            experimentName={name}
            known={known.data ?? null}
            all={count.data}
          />
        )}
      </Region>
    </div>
  );
}

interface TableProps {
  experimentId: string;
  experimentName: string;
  known: ExperimentColumns | null;
  /** Runs of the experiment, filtered or not; undefined while unknown. */
  all: number | undefined;
}

function RunsTable({ experimentId, experimentName, known, all }: TableProps) {
  const { t } = useWords();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const view = useMemo(() => decodeView(search), [search]);
  const [choosing, setChoosing] = useState(false);
  const [room] = useState(() => roomFor(window.innerWidth));
  const field = useRef<HTMLInputElement>(null);
  const visible = useRef({ first: 0, last: 0 });
  const intoGrid = () => document.querySelector<HTMLElement>(".grid")?.focus();

  const go = useCallback(
    (change: Partial<ViewState>, replace = false) => {
      const now = decodeView(location.search);
      const query = encodeView({ ...now, ...change }, location.search);
      navigate(`${path}${query ? `?${query}` : ""}`, { replace });
    },
    [navigate, path],
  );
  const filter = useFilter(view.filter, t("error.unreachable"), (text, replace) => go({ filter: text }, replace));

  const chosen = view.columns;
  const columns = useMemo(() => (chosen || known ? arrange(chosen ?? defaultColumns(known ?? NO_COLUMNS, room)) : null), [chosen, known, room]);
  const wire = useMemo(() => columns?.map(wireColumn).filter((column) => column !== null) ?? null, [columns]);
  const sort = view.sort ?? DEFAULT_SORT;
  const runs = useRunPages(experimentId, view.filter, orderBy(sort), wire);
  const dimmed = runs.stale || filter.fault !== null;

  useRefresh(runs.pages, () => ({ ...visible.current, insert: visible.current.first === 0 && !document.querySelector(".grid-body:hover") }));
  useKeys({ "/": () => field.current?.focus(), C: () => setChoosing(true), j: intoGrid, k: intoGrid });

  const pages = runs.pages;
  const empty = pages?.total === 0 && !runs.stale;
  const bare = empty && !view.filter && filter.fault === null;
  return (
    <>
      {bare ? null : (
        <div className="runs-tools">
          <FilterBar
            field={field}
            value={filter.draft}
            fault={filter.fault ?? queryFault(runs.error)}
            busy={filter.checking || runs.stale}
            placeholder={filterExample(known ?? NO_COLUMNS, t)}
            onChange={filter.setDraft}
            onCommit={filter.settle}
            onLeave={intoGrid}
          />
          <button type="button" className="button" onClick={() => setChoosing(true)}>
            <Icon name="columns" />
            {t("columns.title")}
            <span className="muted">{columns?.length ?? ""}</span>
          </button>
        </div>
      )}
      {runs.error && !pages ? (
        <Failure error={runs.error} retry={runs.retry} />
      ) : !pages || !columns || !wire ? (
        <Skeleton lines={12} />
      ) : bare ? (
        <NoRuns experiment={experimentName} />
      ) : empty ? (
        <NoMatch filter={view.filter} onClear={() => filter.setDraft("")} />
      ) : (
        <RunsGrid
          pages={pages}
          columns={columns}
          wire={wire}
          known={known ?? NO_COLUMNS}
          sort={sort}
          dimmed={dimmed}
          topKey={`${view.filter}|${orderBy(sort)}`}
          page={`${path}?${search}`}
          address={(runId) => address(`runs/${runId}`)}
          onSort={(column) => go({ sort: nextSort(view.sort ?? (column === DEFAULT_SORT.column ? DEFAULT_SORT : null), column) })}
          onLook={(first, last) => {
            visible.current = { first, last };
          }}
          onOpen={(runId, newTab) =>
            newTab ? window.open(address(`runs/${runId}`), "_blank", "noopener") : navigate(`/runs/${runId}`)
          }
          onColumns={() => setChoosing(true)}
        />
      )}
      {pages && pages.waiting > 0 ? (
        <button type="button" className="new-runs" onClick={() => void pages.refresh(0, 0, true)}>
          {t("runs.new", { n: pages.waiting })}
        </button>
      ) : null}
      {pages && !bare ? (
        <RunsFoot pages={pages} all={all} filtered={view.filter !== ""} error={runs.error} onRetry={runs.retry} />
      ) : null}
      {choosing && columns ? (
        <ColumnChooser
          known={known ?? NO_COLUMNS}
          chosen={columns}
          onChange={(next) => go({ columns: next && arrange(next) }, true)}
          onClose={() => setChoosing(false)}
        />
      ) : null}
    </>
  );
}

/** A filter that the server's search refused though its parser did not. */
function queryFault(error: Error | null): { message: string } | null {
  return error && "status" in error && error.status === 400 ? { message: error.message } : null;
}

