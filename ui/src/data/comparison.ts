/** What a compare page shows, as the address says it: `?runs=&base=&tab=&all=`. */
import { readable, setOrDrop } from "./address";

export const COMPARE_TABS = ["values", "curves", "artifacts", "images", "code"] as const;
export type CompareTab = (typeof COMPARE_TABS)[number];

export const MOST_COMPARED = 50;

export interface Comparison {
  runs: readonly string[];
  /** Null: the first run. */
  base: string | null;
  tab: CompareTab;
  /** Whether keys that do not differ are shown, too. */
  all: boolean;
}

const RUN_ID = /^[\w-]{1,64}$/;

export function decodeComparison(search: string): Comparison {
  const query = new URLSearchParams(search);
  const runs = [...new Set((query.get("runs") ?? "").split(",").filter((id) => RUN_ID.test(id)))].slice(0, MOST_COMPARED);
  const base = query.get("base");
  return {
    runs,
    base: base !== null && runs.includes(base) ? base : null,
    tab: COMPARE_TABS.find((tab) => tab === query.get("tab")) ?? "values",
    all: query.get("all") === "1",
  };
}

/** The query part, without "?"; fields of `search` that are not ours stay. */
export function encodeComparison(comparison: Comparison, search = ""): string {
  const query = new URLSearchParams(search);
  setOrDrop(query, "runs", comparison.runs.join(",") || null);
  setOrDrop(query, "base", comparison.base);
  setOrDrop(query, "tab", comparison.tab === "values" ? null : comparison.tab);
  setOrDrop(query, "all", comparison.all ? "1" : null);
  return readable(query);
}

/** Where runs are compared; the first one is the baseline unless another is named, which then is one of them. */
export function compareAddress(runs: readonly string[], base: string | null = null): string {
  const all = base === null || runs.includes(base) ? runs : [base, ...runs];
  return `/compare?${encodeComparison({ runs: all, base, tab: "values", all: false })}`;
}

const LAST_KEY = "clew.compared";

/** Keeps what is compared, so that further runs can be added from their own pages. One for the tab. */
export function rememberComparison(comparison: Comparison): void {
  sessionStorage.setItem(LAST_KEY, encodeComparison(comparison));
}

/** What was compared last in this tab. */
export function lastComparison(): Comparison {
  return decodeComparison(sessionStorage.getItem(LAST_KEY) ?? "");
}

/** Takes runs that are gone out of what was compared last. */
export function forgetCompared(runIds: readonly string[]): void {
  const last = lastComparison();
  const runs = last.runs.filter((id) => !runIds.includes(id));
  if (runs.length < last.runs.length) rememberComparison({ ...last, runs, base: last.base !== null && runs.includes(last.base) ? last.base : null });
}

/** Where a run is compared with those that were compared last; null where it is one of them, or there is no room. */
export function addedAddress(runId: string, { runs, ...last }: Comparison): string | null {
  if (runs.length === 0 || runs.length >= MOST_COMPARED || runs.includes(runId)) return null;
  return `/compare?${encodeComparison({ ...last, runs: [...runs, runId] })}`;
}
