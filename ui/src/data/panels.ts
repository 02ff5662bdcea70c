/** The panels of a charts page: what kinds there are, what each shows, and which stand there at first. */
import type { ExperimentColumns } from "../api/types";
import { byEvaluation, isEvaluation, isSystemMetric } from "./columns";
import { DATASET_NAME, metricDimension, type DimensionId } from "./dimension";

export type PanelKind =
  | "lines"
  | "parallel"
  | "importance"
  | "scatter"
  | "box"
  | "heat"
  | "history"
  | "bar"
  | "histogram"
  | "media";

/** What is set for a panel: names of keys, each a list. An absent or empty list leaves the choice to the panel. */
export type Fields = Readonly<Record<string, readonly string[]>>;

export interface PanelSpec {
  /** Stays while the panel is moved or changed. */
  id: string;
  kind: PanelKind;
  fields: Fields;
}

export interface FieldRule {
  name: "metric" | "x" | "y" | "color" | "size" | "by" | "axes" | "key" | "show" | "mark";
  /** What may be chosen: metrics, anything, names of files of the kind, or words of its own. */
  of: "metric" | "any" | "file" | readonly string[];
  many?: boolean;
  /** Whether "none" is a choice. */
  optional?: boolean;
}

/** What can be set for each kind of panel. */
export const RULES: Record<PanelKind, readonly FieldRule[]> = {
  lines: [{ name: "metric", of: "metric" }],
  parallel: [
    { name: "axes", of: "any", many: true },
    { name: "color", of: "any" },
  ],
  importance: [{ name: "metric", of: "metric" }],
  scatter: [
    { name: "x", of: "any" },
    { name: "y", of: "any" },
    { name: "color", of: "any", optional: true },
    { name: "size", of: "any", optional: true },
    { name: "mark", of: ["trend", "pareto", "none"] },
  ],
  box: [
    { name: "y", of: "metric" },
    { name: "by", of: "any" },
    { name: "show", of: ["box", "violin"] },
  ],
  heat: [
    { name: "x", of: "any" },
    { name: "y", of: "any" },
    { name: "metric", of: "metric" },
    { name: "show", of: ["mean", "best", "count", "surface"] },
  ],
  history: [{ name: "metric", of: "metric" }],
  bar: [
    { name: "metric", of: "metric" },
    { name: "by", of: "any", optional: true },
  ],
  histogram: [
    { name: "key", of: "file" },
    { name: "show", of: ["ridges", "heat"] },
  ],
  media: [{ name: "key", of: "file" }],
};

/** Kinds that are made of one row per run. */
export const RELATIONS: readonly PanelKind[] = ["parallel", "scatter", "box", "heat", "history", "bar"];

/** Columns of twelve, and rows of 40 px, that a panel takes at first. */
export function sizeOf(kind: PanelKind, columns: number): { w: number; h: number } {
  if (kind === "parallel") return { w: 12, h: 9 };
  if (kind === "media") return { w: 12, h: 7 };
  if (kind !== "lines") return { w: columns >= 4 ? 3 : columns >= 2 ? 6 : 12, h: 8 };
  return { w: columns >= 4 ? 3 : columns === 3 ? 4 : columns === 2 ? 6 : 12, h: 7 };
}

export interface Section {
  /** The prefix; "" for metrics without one; ANALYSIS; "system". */
  id: string;
  panels: readonly PanelSpec[];
}

/** The section of what compares runs. */
export const ANALYSIS = "*";
export const SYSTEM = "system";
const MAX_AXES = 7;

const panel = (kind: PanelKind, fields: Fields = {}): PanelSpec => ({ id: kind, kind, fields });

/** The axes of parallel coordinates when nobody chose: the params that vary, the datasets, and the target at the right. */
export function defaultAxes(known: ExperimentColumns, target: DimensionId): DimensionId[] {
  const params = (known.params ?? [])
    .filter((param) => (param.distinct ?? 0) >= 2)
    .toSorted((a, b) => b.runs - a.runs)
    .slice(0, MAX_AXES)
    .map((param) => `p.${param.key}`);
  return [...params, DATASET_NAME, target];
}

/** What compares runs, when nobody chose. */
function defaultAnalysis(known: ExperimentColumns): PanelSpec[] {
  const varied = (known.params ?? []).some((param) => (param.distinct ?? 0) >= 2);
  const some = (known.metrics ?? []).some((metric) => metric.runs >= 2);
  if (!some) return [];
  return varied
    ? [panel("parallel"), panel("importance"), panel("scatter"), panel("box"), panel("history")]
    : [panel("history")];
}

const prefixOf = (key: string) => (key.indexOf("/") > 0 ? key.slice(0, key.indexOf("/")) : "");

/** The line panel of a metric. */
export const linePanel = (key: string): PanelSpec => ({
  id: metricDimension(key),
  kind: "lines",
  fields: { metric: [metricDimension(key)] },
});

export interface Changes {
  /** Panels that were added, or changed where one of the same id stood. */
  panels: readonly PanelSpec[];
  removed: readonly string[];
  /** Ids in the order that was chosen; others follow in their own. */
  order: readonly string[];
}

/**
 * All panels by section: metrics by the part before their first "/", evaluation first; what compares runs second; system metrics
 * last.
 */
export function sectionsOf(known: ExperimentColumns, changes: Changes): Section[] {
  const groups = new Map<string, PanelSpec[]>();
  const metrics = (known.metrics ?? []).toSorted((a, b) => byEvaluation(a, b));
  for (const { key } of metrics) {
    const name = isSystemMetric(key) ? SYSTEM : prefixOf(key);
    groups.set(name, [...(groups.get(name) ?? []), linePanel(key)]);
  }
  const system = groups.get(SYSTEM) ?? [];
  groups.delete(SYSTEM);
  const own = new Map(changes.panels.map((spec) => [spec.id, spec]));
  const standing = new Set([...groups.values(), system].flat().map((spec) => spec.id));
  const analysis = [
    ...changes.panels.filter((spec) => !standing.has(spec.id) && !isDefault(spec.id)),
    ...defaultAnalysis(known),
  ];
  const size = (group: [string, PanelSpec[]]) => (isEvaluation(`${group[0]}/`) ? group[1].length : 0);
  const [first, ...rest] = [...groups].toSorted((a, b) => size(b) - size(a));
  const sections: Section[] = [
    ...(first ? [{ id: first[0], panels: first[1] }] : []),
    { id: ANALYSIS, panels: analysis },
    ...rest.map(([id, panels]) => ({ id, panels })),
    { id: SYSTEM, panels: system },
  ];
  const removed = new Set(changes.removed);
  const place = new Map(changes.order.map((id, index) => [id, index]));
  const rank = (spec: PanelSpec) => place.get(spec.id) ?? changes.order.length;
  return sections
    .map(({ id, panels }) => ({
      id,
      panels: panels
        .filter((spec) => !removed.has(spec.id))
        .map((spec) => own.get(spec.id) ?? spec)
        .toSorted((a, b) => rank(a) - rank(b)),
    }))
    .filter((section) => section.panels.length > 0);
}

const DEFAULTS: readonly string[] = ["parallel", "importance", "scatter", "box", "history"];
const isDefault = (id: string) => DEFAULTS.includes(id);

/** An id for one more panel. */
export function nextId(panels: readonly PanelSpec[]): string {
  const used = new Set(panels.map((spec) => spec.id));
  let number = 1;
  while (used.has(`c${number}`)) number += 1;
  return `c${number}`;
}
