/** What every panel of a charts page is given. */
import type { ExperimentColumns, RunHead } from "../../api/types";
import type { DimensionId } from "../../data/dimension";
import type { Fields, PanelKind, PanelSpec } from "../../data/panels";
import { assignStyles } from "../../data/runstyles";
import type { RunTable } from "../../data/runtable";
import type { Tweak, Workspace } from "../../data/workspace";
import type { Scope } from "./queries";
import type { Memory } from "./useKept";

/** Numbers and texts of a chart, for readers and for files. */
export interface TableData {
  head: readonly string[];
  rows: readonly (readonly (string | number | null)[])[];
}

/** Runs put together. */
export interface Groups {
  labels: readonly string[];
  of: (runId: string) => string;
  styleOf: (label: string) => number;
}

export interface Shared {
  scope: Scope;
  known: ExperimentColumns;
  workspace: Workspace;
  /** The drawn runs that are not hidden. */
  seen: readonly RunHead[];
  styleOf: (runId: string) => number;
  /** All runs that match, up to the limit, with the columns that the panels need. Null while it is loading. */
  table: RunTable | null;
  /** Of the runs, what they are put together by; null for each by itself. */
  groups: Groups | null;
  /** What runs are judged by when a panel does not say. */
  target: DimensionId | null;
  /** Whether more of a metric is better. */
  rising: (metric: string) => boolean;
  baseline: string | null;
  /** Joins a condition to the page's filter. */
  addFilter: (term: string) => void;
  addPanel: (kind: PanelKind, fields: Fields) => void;
  openRun: (runId: string) => void;
  memory: Memory;
}

export interface BodyProps {
  spec: PanelSpec;
  tweak: Tweak;
  shared: Shared;
  /** Shows the numbers instead of the drawing. */
  asTable: boolean;
  /** Takes what makes the panel's numbers, for whoever saves them. */
  onData: (make: () => TableData) => void;
  /** For what the panel shows, if its title is not enough. */
  onTitle: (title: string) => void;
}

export const runName = (run: Pick<RunHead, "run_id" | "run_name">) => run.run_name || run.run_id.slice(0, 8);

const NO_STYLES: ReadonlyMap<string, number> = new Map();

/** Groups of runs by a text that each has. */
export function makeGroups(texts: ReadonlyMap<string, string>, without: string): Groups {
  const of = (runId: string) => texts.get(runId) ?? without;
  const labels = [...new Set(texts.values())].toSorted(new Intl.Collator("en", { numeric: true }).compare);
  const styles = assignStyles(labels, NO_STYLES);
  return { labels, of, styleOf: (label) => styles.get(label) ?? -1 };
}
