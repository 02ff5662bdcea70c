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
