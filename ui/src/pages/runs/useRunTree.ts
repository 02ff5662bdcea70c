import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { queryGroups, queryRuns } from "../../api/server";
import type { GroupPage, RunPage } from "../../api/types";
import { idTerm } from "../../data/filtertext";
import { RunPages } from "../../data/runpages";
import { RunTree, type TableSpec } from "../../data/runtree";

const FIRST_LOOK = 60;

export interface TableView {
  /** What is shown: of the latest query that was answered. Null before the first answer. */
  table: RunTree | null;
  /** Whether a newer query is on its way: what is shown is old. */
  stale: boolean;
  /** Why the newest query failed. */
  error: Error | null;
  retry: () => void;
  /** Asks for the lines of a filter that may be used next: what comes is shown as soon as it is. */
  prepare: (filter: string) => void;
}

interface Columns {
  /** Wire names of the columns that are shown. */
  runs: readonly string[];
  /** Those of them whose numbers groups describe. */
  groups: readonly string[];
}

const ACTIVE = { view: "ACTIVE_ONLY" } as const;
const DELETED = { view: "DELETED_ONLY" } as const;

/** The lines of a query. While a changed query is asked, the lines of the one before stay. */
export function useRunTree(
  experimentId: string,
  spec: TableSpec,
  deleted: boolean,
  columns: Columns | null,
): TableView {
  const [shown, setShown] = useState<RunTree | null>(null);
  const [asked, setAsked] = useState<RunTree | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const current = useRef<RunTree | null>(null);
  const ready = columns !== null;
  const latest = useRef({ columns, spec });
  latest.current = { columns, spec };
  const specKey = JSON.stringify([experimentId, deleted, spec]);
  const prepared = useRef<{ key: string; tree: RunTree } | null>(null);

  const prepare = useCallback(
    (filter: string) => {
      const { columns: needed, spec: now } = latest.current;
      if (!needed) return;
      const next = { ...now, filter };
      const key = JSON.stringify([experimentId, deleted, next]);
      if (prepared.current?.key === key) return;
      prepared.current?.tree.close();
      prepared.current = { key, tree: begin(experimentId, deleted, next, needed) };
    },
    [experimentId, deleted],
  );

  useEffect(() => {
    const { columns: needed, spec: now } = latest.current;
    if (!ready || !needed) return;
    const ahead = prepared.current;
    prepared.current = null;
    const fits = ahead?.key === specKey && !ahead.tree.error;
    if (ahead && !fits) ahead.tree.close();
    const next = fits && ahead ? ahead.tree : begin(experimentId, deleted, now, needed);
    const show = () => {
      setError(next.error);
      if (next.position !== "ready" || current.current === next) return;
      current.current?.close();
      current.current = next;
      setShown(next);
    };
    const stop = next.subscribe(show);
    setAsked(next);
    show();
    return () => {
      stop();
      if (current.current !== next) next.close();
    };
  }, [experimentId, specKey, deleted, ready, attempt]);

  useEffect(
    () => () => {
      prepared.current?.tree.close();
      current.current?.close();
      prepared.current = null;
      current.current = null;
    },
    [],
  );

  const subscribe = useCallback((listener: () => void) => shown?.subscribe(listener) ?? (() => {}), [shown]);
  useSyncExternalStore(subscribe, () => shown?.revision ?? 0);

  return {
    table: shown,
    stale: shown !== asked,
    error,
    retry: () => {
      if (shown === asked && shown) shown.retry();
      else setAttempt((count) => count + 1);
    },
    prepare,
  };
}

/** Lines whose first page is on its way. */
function begin(experimentId: string, deleted: boolean, spec: TableSpec, columns: Columns): RunTree {
  const scope = { experiment_ids: [experimentId], ...(deleted ? DELETED : ACTIVE) };
  const within = (filter: string) => (filter ? { ...scope, filter } : scope);
  const tree = new RunTree(
    {
      runs: (filter, order, request, signal): Promise<RunPage> =>
        queryRuns({ ...within(filter), order_by: [...order], ...request }, signal),
      groups: (filter) => (request, signal): Promise<GroupPage> => queryGroups({ ...within(filter), ...request }, signal),
    },
    spec,
  );
  tree.need(columns.runs, columns.groups);
  tree.look(0, FIRST_LOOK);
  return tree;
}

/** Runs that are shown or compared with whatever the filter says, by their ids; null while there are none. */
export function useNamedRuns(experimentId: string, ids: readonly string[], wire: readonly string[] | null): RunPages | null {
  const [pages, setPages] = useState<RunPages | null>(null);
  const key = ids.join();
  const ready = wire !== null;
  const latest = useRef(wire);
  latest.current = wire;

  useEffect(() => {
    if (!key || !ready) {
      setPages(null);
      return;
    }
    const filter = idTerm(key.split(","));
    const next = new RunPages((request, signal) => queryRuns({ experiment_ids: [experimentId], filter, ...request }, signal));
    next.need(latest.current ?? []);
    const stop = next.subscribe(() => {
      if (next.position === "ready") setPages(next);
    });
    next.look(0, 0);
    return () => {
      stop();
      next.close();
    };
  }, [experimentId, key, ready]);

  useEffect(() => {
    if (!pages || !wire) return;
    pages.need(wire);
    pages.look(0, ids.length);
  }, [pages, wire, ids.length]);

  const subscribe = useCallback((listener: () => void) => pages?.subscribe(listener) ?? (() => {}), [pages]);
  useSyncExternalStore(subscribe, () => pages?.revision ?? 0);
  return pages;
}
