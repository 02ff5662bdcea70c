import { useQueryClient } from "@tanstack/react-query";
import { lazy, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useLocation } from "wouter";
import { address } from "../../api/http";
import type { ExperimentColumns, RunScope } from "../../api/types";
import {
  arrange,
  columnKey,
  columnKind,
  DEFAULT_SORT,
  defaultColumns,
  numbersFirst,
  orderBy,
  roomFor,
  wireColumn,
  type ColumnId,
} from "../../data/columns";
import { compareAddress, MOST_COMPARED } from "../../data/comparison";
import { isRising, type Goal } from "../../data/goal";
import type { Line } from "../../data/outline";
import { drawnStyles } from "../../data/runstyles";
import { keepRunList } from "../../data/runlist";
import type { TableSpec } from "../../data/runtree";
import { nextSort } from "../../data/viewstate";
import { useWords } from "../../i18n/language";
import { Skeleton } from "../../parts/Empty";
import type { FilterFault } from "../../parts/FilterBar";
import { Failure } from "../../parts/Region";
import type { Layout } from "../charts/LayoutSwitch";
import { targetOf } from "../charts/target";
import { columnsQuery, runCountQuery } from "../queries";
import { useKeys } from "../shell/useKeys";
import { usePageActions } from "../shell/usePageActions";
import { useChanges } from "../useChanges";
import { isUnfinished, useFilter } from "../useFilter";
import { sayError } from "../sayError";
import { BulkBar } from "./BulkBar";
import { ColumnChooser } from "./ColumnChooser";
import { differingColumns } from "./differing";
import { exportActions } from "./exportActions";
import { filterExample } from "./filterExample";
import { groupKeys, groupOrder } from "./grouping";
import { Halves } from "./Halves";
import { EmptyTrash, NoMatch, NoRuns, Unread } from "./NoRuns";
import { RunsFoot } from "./RunsFoot";
import { RunsGrid } from "./RunsGrid";
import { RunsMenu, type OpenMenu } from "./RunsMenu";
import { RunsTools } from "./RunsTools";
import { useCurves } from "./useCurves";
import { useNamedRuns, useRunTree } from "./useRunTree";
import { useSelection } from "./useSelection";
import { useView } from "./useView";

// Charts come when they are looked at: the table needs none of them.
const Workspace = lazy(async () => ({ default: (await import("../charts/Workspace")).Workspace }));

const NO_COLUMNS: ExperimentColumns = {};
const SURVEY_MS = 5000;
/** Until the first rows are surely painted. */
const PAINT_MS = 100;
/** Where the pages of runs are. */
const RUNS = address("runs/");
/** Rows on each side of the visible ones that the page of an opened run can step to. */
const NEIGHBOURS = 200;

interface TableProps {
  experimentId: string;
  experimentName: string;
  goal: Goal | null;
  layout: Layout;
  known: ExperimentColumns | null;
  /** Runs of the experiment, filtered or not; undefined while unknown. */
  all: number | undefined;
  /** Called when the first rows are here. */
  onShown: () => void;
}

/** The runs of an experiment: filter, table, and what can be done with the selected ones. */
export function RunsTable({ experimentId, experimentName, goal, layout, known, all, onShown }: TableProps) {
  const words = useWords();
  const { t } = words;
  const [, navigate] = useLocation();
  const client = useQueryClient();
  const { view, path, search, go } = useView();
  const [choosing, setChoosing] = useState(false);
  const [menu, setMenu] = useState<OpenMenu | null>(null);
  const [room] = useState(() => roomFor(window.innerWidth));
  const field = useRef<HTMLInputElement>(null);
  const visible = useRef({ first: 0, last: 0 });
  const lastPick = useRef(0);
  const surveyed = useRef(0);
  const intoGrid = () => document.querySelector<HTMLElement>(".grid")?.focus();
  const prepare = useRef((_filter: string) => {});
  const filter = useFilter({
    entity: "runs",
    experimentId,
    list: experimentId,
    applied: view.filter,
    unreachable: t("error.unreachable"),
    commit: (text, replace) => go({ filter: text }, replace),
    place: (caret) => field.current?.setSelectionRange(caret, caret),
    onLikely: (text) => prepare.current(text),
  });

  // Lists that the address says are new with each of its changes; equal ones must stay the same for the grid.
  const columnsKey = view.columns && JSON.stringify(view.columns);
  const columns = useMemo<ColumnId[] | null>(() => {
    if (columnsKey !== null) return JSON.parse(columnsKey) as ColumnId[];
    const found = known && arrange(defaultColumns(known, room, goal?.metric));
    return found && view.groups.length ? numbersFirst(found) : found;
  }, [columnsKey, known, room, goal?.metric, view.groups.length]);
  const curvesKey = view.curves?.join("\n") ?? null;
  const curves = useMemo(() => {
    const first = columns?.find((id) => columnKind(id) === "metric");
    return new Set(curvesKey === null ? (first ? [first] : []) : curvesKey.split("\n"));
  }, [columns, curvesKey]);
  const wire = useMemo(() => columns?.flatMap((id) => wireColumn(id) ?? []) ?? null, [columns]);
  const described = useMemo(
    () => columns?.filter((id) => columnKind(id) === "metric" || columnKind(id) === "param").flatMap((id) => wireColumn(id) ?? []) ?? [],
    [columns],
  );

  const sort = useMemo(() => (view.sort.length ? view.sort : [DEFAULT_SORT]), [view.sort]);
  const order = sort.map(orderBy);
  const spec: TableSpec = {
    filter: view.filter,
    order,
    groups: groupKeys(view.groups),
    groupOrder: groupOrder(view.groups, view.sort, view.statistic),
    nested: view.nested && view.groups.length === 0,
  };
  const runs = useRunTree(experimentId, spec, view.deleted, wire && { runs: wire, groups: described });
  const { table } = runs;
  prepare.current = runs.prepare;
  const ready = table !== null;
  useEffect(() => {
    if (!ready) return;
    surveyed.current = Date.now();
    const timer = setTimeout(onShown, PAINT_MS);
    return () => clearTimeout(timer);
  }, [ready, onShown]);
  const named = useMemo(() => [...new Set([...view.pins, ...(view.baseline ? [view.baseline] : [])])], [view.pins, view.baseline]);
  const pins = useNamedRuns(experimentId, named, wire);
  const pinRows = pins ? view.pins.map((id) => pins.find(id)).filter((row) => row >= 0) : [];
  const scope: RunScope = {
    experiment_ids: [experimentId],
    ...(view.filter ? { filter: view.filter } : {}),
    ...(view.deleted ? { view: "DELETED_ONLY" as const } : {}),
  };
  const selection = useSelection(experimentId, table?.total ?? 0, JSON.stringify(scope));
  const sparks = useCurves();
  const drawn = useSyncExternalStore(drawnStyles.subscribe, drawnStyles.revision);
  const rising = useCallback((metric: string) => isRising(metric, goal), [goal]);
  const target = useMemo(() => targetOf(known ?? NO_COLUMNS, goal), [known, goal]);

  const line = (row: number): Line => {
    const pin = pinRows[row];
    const run = pin === undefined ? undefined : pins?.run(pin);
    if (pins && pin !== undefined && run) {
      return { kind: "run", key: run.run_id, run, pages: pins, row: pin, level: 0, children: 0, open: false };
    }
    return table?.at(row - pinRows.length) ?? { kind: "waiting", level: 0 };
  };
  const refresh = useCallback(
    async (insert: boolean) => {
      if (!table) return;
      const { first, last } = visible.current;
      await table.refresh(Math.max(0, first - pinRows.length), Math.max(0, last - pinRows.length), insert);
      await pins?.refresh(0, named.length, true);
      // Runs that log all the time change no key: what the experiment has is asked for less often than their values.
      if (Date.now() - surveyed.current < SURVEY_MS) return;
      surveyed.current = Date.now();
      void client.invalidateQueries({ queryKey: runCountQuery(experimentId).queryKey });
      void client.invalidateQueries({ queryKey: columnsQuery(experimentId).queryKey });
    },
    [table, pins, named.length, pinRows.length, client, experimentId],
  );
  useChanges(
    ready ? [`exp:${experimentId}`] : [],
    () => refresh(visible.current.first <= pinRows.length && !document.querySelector(".grid-body:hover")),
    table?.rev,
  );

  const open = (runId: string, newTab: boolean) => {
    const { first, last } = visible.current;
    keepRunList(`${path}${search ? `?${search}` : ""}`, table?.idsIn(Math.max(0, first - NEIGHBOURS), last + NEIGHBOURS) ?? [], runId);
    if (newTab) window.open(address(`runs/${runId}`), "_blank", "noopener");
    else navigate(`/runs/${runId}`);
  };
  const select = (row: number, extend: boolean) => {
    const here = line(row);
    if (here.kind !== "run") return;
    const top = pinRows.length;
    if (extend && table) {
      const [from, to] = [Math.min(lastPick.current, row), Math.max(lastPick.current, row)];
      selection.pick(here.key, [...table.idsIn(from - top, to - top), here.key]);
    } else selection.pick(here.key);
    lastPick.current = row;
  };
  const toggle = (row: number) => table?.toggle(row - pinRows.length);
  const onOpen = (row: number, newTab: boolean) => {
    const here = line(row);
    if (here.kind === "run") open(here.key, newTab);
    else toggle(row);
  };
  const onKey = (key: string, event: { ctrlKey: boolean; metaKey: boolean }, row: number): boolean => {
    const here = row >= 0 ? line(row) : null;
    const id = here?.kind === "run" ? here.key : null;
    if (event.ctrlKey || event.metaKey) return false;
    else if (key === "Escape" && selection.count > 0) selection.clear();
    else if (key === "p" && id) go({ pins: view.pins.includes(id) ? view.pins.filter((one) => one !== id) : [...view.pins, id] });
    else if (key === "b" && id) go({ baseline: view.baseline === id ? null : id });
    else return false;
    return true;
  };
  const onSort = (column: ColumnId, further: boolean) => {
    const shown = view.sort.length ? view.sort : column === DEFAULT_SORT.column ? [DEFAULT_SORT] : [];
    // The best of a metric comes first.
    const natural = columnKind(column) === "metric" ? isRising(columnKey(column), goal) : undefined;
    go({ sort: nextSort(shown, column, further, natural) });
  };
  const latest = useRef({ line, pins: pinRows.length, columns: columns ?? [], curves, want: sparks.want });
  latest.current = { line, pins: pinRows.length, columns: columns ?? [], curves, want: sparks.want };
  const onLook = useCallback(
    (first: number, last: number) => {
      visible.current = { first, last };
      const seen = new Map<string, boolean>();
      for (let row = first; row <= last; row += 1) {
        const here = latest.current.line(row);
        if (here.kind === "run") seen.set(here.key, here.run.status !== "RUNNING");
      }
      for (let row = 0; row < latest.current.pins; row += 1) {
        const here = latest.current.line(row);
        if (here.kind === "run") seen.set(here.key, here.run.status !== "RUNNING");
      }
      const shown = latest.current.columns.filter((id) => latest.current.curves.has(id));
      latest.current.want(seen, [...new Set(shown.map(columnKey))]);
    },
    [],
  );

  usePageActions([
    { id: "filter", label: t("keys.filter"), keys: "/", run: () => field.current?.focus() },
    { id: "columns", label: t("keys.columns"), keys: "Shift C", run: () => setChoosing(true) },
    { id: "all", label: t("select.all"), keys: "Ctrl A", run: selection.all },
    { id: "nest", label: t(view.nested ? "children.flat" : "children.nested"), run: () => go({ nested: !view.nested, groups: [] }) },
    { id: "trash", label: t(view.deleted ? "state.active" : "state.deleted"), run: () => go({ deleted: !view.deleted }) },
  ]);
  useKeys({
    "/": () => field.current?.focus(),
    C: () => setChoosing(true),
    "Ctrl+a": selection.all,
    c: () => {
      const { all: everything, ids } = selection.selection;
      if (!everything && ids.size > 1 && ids.size <= MOST_COMPARED) navigate(compareAddress([...ids], view.baseline));
    },
    j: intoGrid,
    k: intoGrid,
  });

  const empty = table !== null && table.length === 0 && !runs.stale;
  const bare = empty && !view.filter && !view.deleted && filter.fault === null;
  const fault = filter.fault ?? queryFault(runs.error);
  const showDiffering = async () => {
    try {
      const found = await differingColumns(scope, known ?? NO_COLUMNS);
      go({ columns: [...(columns ?? []).filter((id) => columnKind(id) === "attribute"), ...found] });
    } catch (error) {
      sayError(error, t);
    }
  };
  return (
    <>
      {bare ? null : (
        <RunsTools
          field={field}
          filter={filter}
          fault={fault}
          busy={filter.checking || (runs.stale && !runs.error)}
          placeholder={filterExample(known ?? NO_COLUMNS, t)}
          result={table && !runs.stale ? t("runs.match", { matching: table.total, total: Math.max(all ?? 0, table.total) }) : t("loading")}
          view={view}
          known={known ?? NO_COLUMNS}
          exports={exportActions(scope, order, experimentName, words)}
          columns={columns?.length ?? 0}
          chartsOnly={layout === "charts"}
          go={go}
          onLeave={intoGrid}
          onColumns={() => setChoosing(true)}
        />
      )}
      {queryFault(runs.error) && !table ? (
        <Unread onClear={() => filter.setDraft("")} />
      ) : runs.error && !table ? (
        <Failure error={runs.error} retry={runs.retry} />
      ) : !table || !columns || !wire ? (
        <Skeleton lines={12} />
      ) : bare ? (
        <NoRuns experiment={experimentName} />
      ) : empty && view.filter ? (
        <NoMatch experimentId={experimentId} filter={view.filter} terms={filter.terms} onChange={(text) => filter.setDraft(text)} />
      ) : empty ? (
        <EmptyTrash onBack={() => go({ deleted: false })} />
      ) : (
        <Halves
          layout={layout}
          table={
            <RunsGrid
              table={table}
              pins={pins}
              pinRows={pinRows}
              view={view}
              columns={columns}
              wire={wire}
              described={described}
              curves={curves}
              curvePath={sparks.path}
              known={known ?? NO_COLUMNS}
              sort={sort}
              dimmed={runs.stale || (fault !== null && !isUnfinished(fault, filter.draft))}
              selection={selection}
              isRising={rising}
              revision={`${sparks.revision} ${drawn} ${view.baseline ?? ""} ${view.statistic} ${pinRows.join()}`}
              topKey={`${view.filter}|${order.join()}|${JSON.stringify(view.groups)}`}
              page={`${path}?${search}`}
              address={(runId) => `${RUNS}${runId}`}
              line={line}
              go={go}
              onSort={onSort}
              onLook={onLook}
              onOpen={onOpen}
              onSelect={select}
              onToggle={toggle}
              onKey={onKey}
              onColumnMenu={(column, spot) => setMenu({ kind: "column", column, spot })}
              onCellMenu={(row, column, spot) => setMenu({ kind: "cell", row, column, spot })}
              onColumns={() => setChoosing(true)}
            />
          }
          charts={
            <Workspace
              scope={{ experimentId, filter: view.filter, order, deleted: view.deleted }}
              known={known ?? NO_COLUMNS}
              target={target}
              rising={rising}
              baseline={view.baseline}
              beside={layout === "split"}
              onFilter={filter.setDraft}
            />
          }
        />
      )}
      {table && table.waiting > 0 ? (
        <button type="button" className="new-runs" onClick={() => void refresh(true)}>
          {t("runs.new", { n: table.waiting })}
        </button>
      ) : null}
      {table && !bare ? (
        selection.count > 0 ? (
          <BulkBar
            from={{ scope, selection: selection.selection, total: table.total }}
            count={selection.count}
            experimentId={experimentId}
            name={experimentName}
            order={order}
            deleted={view.deleted}
            baseline={view.baseline}
            onAll={selection.all}
            onClear={selection.clear}
            onDone={() => {
              surveyed.current = 0;
              void refresh(true);
            }}
          />
        ) : (
          <RunsFoot
            table={table}
            all={all}
            filtered={view.filter !== ""}
            deleted={view.deleted}
            error={runs.error}
            onRetry={runs.retry}
          />
        )
      ) : null}
      {menu && table && columns ? (
        <RunsMenu
          menu={menu}
          experimentId={experimentId}
          view={view}
          columns={columns}
          curves={curves}
          line={line}
          selection={selection}
          goal={goal}
          go={go}
          onOpen={open}
          onSelect={(row) => select(row, false)}
          onToggle={toggle}
          onChanged={() => void refresh(false)}
          onClose={() => setMenu(null)}
        />
      ) : null}
      {choosing && columns ? (
        <ColumnChooser
          known={known ?? NO_COLUMNS}
          chosen={columns}
          frozen={view.frozen}
          onChange={(next) => go({ columns: next }, true)}
          onFreeze={(frozen) => go({ frozen }, true)}
          onDiffering={() => void showDiffering()}
          onClose={() => setChoosing(false)}
        />
      ) : null}
    </>
  );
}

/** A filter that the server's search refused though its parser did not. */
function queryFault(error: Error | null): FilterFault | null {
  return error && "status" in error && error.status === 400 ? { message: error.message } : null;
}
