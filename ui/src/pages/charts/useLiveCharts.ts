import { useQueryClient, type Query } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { listen } from "../../api/events";
import { live } from "../../data/live";
import type { LinesWish } from "./queries";

/** Curves are asked again at most once a second, what compares runs every few seconds, a forest more rarely. */
const LINES_MS = 1000;
const TABLES_MS = 5000;
const FORESTS_MS = 30_000;

/** Asks again for what the event stream says has changed, while the page is seen and live. */
export function useLiveCharts(experimentId: string): void {
  const client = useQueryClient();
  const connection = useSyncExternalStore(live.subscribe, live.get);
  const on = connection !== "paused";
  useEffect(() => {
    if (!on) return;
    const changed = new Set<string>();
    let all = false;
    let tables = false;
    let forests = false;
    let tablesAt = 0;
    let forestsAt = Date.now();
    const stop = listen([`exp:${experimentId}`], {
      onChange: ({ kind, runs }) => {
        if (kind === "change") for (const runId of runs ?? []) changed.add(runId);
        else all = true;
        tables = true;
      },
      onState: () => {},
    });
    const concerns = (query: Query) => all || (query.queryKey[1] as LinesWish).runIds.some((runId) => changed.has(runId));
    const timer = setInterval(() => {
      if (document.hidden) return;
      if (all || changed.size) {
        void client.invalidateQueries({ predicate: (query) => query.queryKey[0] === "lines" && concerns(query) });
        changed.clear();
        all = false;
      }
      if (tables && Date.now() - tablesAt >= TABLES_MS) {
        tables = false;
        tablesAt = Date.now();
        void client.invalidateQueries({ queryKey: ["run-table"] });
        forests = true;
      }
      if (forests && Date.now() - forestsAt >= FORESTS_MS) {
        forests = false;
        forestsAt = Date.now();
        void client.invalidateQueries({ queryKey: ["importance"] });
      }
    }, LINES_MS);
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [client, experimentId, on]);
}
