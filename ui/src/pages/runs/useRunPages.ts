import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { queryRuns } from "../../api/server";
import { live } from "../../data/live";
import { RunPages } from "../../data/runpages";
import { RUNS_MS } from "../queries";

const FIRST_LOOK = 60;

export interface RunsView {
  /** The rows to show: of the latest query that was answered. Null before the first answer. */
  pages: RunPages | null;
  /** Whether a newer query is on its way: what is shown is old. */
  stale: boolean;
  /** Why the newest query failed. */
  error: Error | null;
  retry: () => void;
}

/** The rows of a query. While a changed query is asked, the rows of the one before stay. */
export function useRunPages(
  experimentId: string,
  filter: string,
  order: string,
  columns: readonly string[] | null,
): RunsView {
  const [shown, setShown] = useState<RunPages | null>(null);
  const [asked, setAsked] = useState<RunPages | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const current = useRef<RunPages | null>(null);
  const ready = columns !== null;
  const latestColumns = useRef<readonly string[]>([]);
  latestColumns.current = columns ?? [];

  useEffect(() => {
    if (!ready) return;
    const next = new RunPages((request, signal) =>
      queryRuns(
        { experiment_ids: [experimentId], ...(filter ? { filter } : {}), order_by: [order], ...request },
        signal,
      ),
    );
    next.need(latestColumns.current);
    const stop = next.subscribe(() => {
      setError(next.error);
      if (next.position !== "ready" || current.current === next) return;
      current.current?.close();
      current.current = next;
      setShown(next);
    });
    setAsked(next);
    setError(null);
    next.look(0, FIRST_LOOK);
    return () => {
      stop();
      if (current.current !== next) next.close();
    };
  }, [experimentId, filter, order, ready, attempt]);

  useEffect(
    () => () => {
      current.current?.close();
      current.current = null;
    },
    [],
  );

  const subscribe = useCallback((listener: () => void) => shown?.subscribe(listener) ?? (() => {}), [shown]);
  useSyncExternalStore(subscribe, () => shown?.revision ?? 0);

  return {
    pages: shown,
    stale: shown !== asked,
    error,
    retry: () => {
      if (shown === asked && shown) shown.retry();
      else setAttempt((count) => count + 1);
    },
  };
}

/** Asks again for what is on screen, every few seconds while the page is seen. */
export function useRefresh(pages: RunPages | null, visible: () => { first: number; last: number; insert: boolean }): void {
  const look = useRef(visible);
  useEffect(() => {
    look.current = visible;
  });
  useEffect(() => {
    if (!pages) return;
    let asking = false;
    const tick = async () => {
      if (asking || document.hidden || live.get() === "paused") return;
      asking = true;
      try {
        const { first, last, insert } = look.current();
        await pages.refresh(first, last, insert);
        live.report(true);
      } catch (error) {
        live.report(!(error instanceof Error && "status" in error && error.status === 0));
      } finally {
        asking = false;
      }
    };
    const timer = setInterval(() => void tick(), RUNS_MS);
    return () => clearInterval(timer);
  }, [pages]);
}
