/** The names of kinds of panels, of what is set for them, and of keys. */
import { labelOf, type DimensionId } from "../../data/dimension";
import type { FieldRule, PanelKind } from "../../data/panels";
import type { MessageKey, Translate } from "../../i18n/language";

export const KIND_WORDS: Record<PanelKind, MessageKey> = {
  lines: "kind.lines",
  parallel: "kind.parallel",
  importance: "kind.importance",
  scatter: "kind.scatter",
  box: "kind.box",
  heat: "kind.heat",
  history: "kind.history",
  bar: "kind.bar",
  histogram: "kind.histogram",
  media: "kind.media",
};

export const KIND_HELP: Record<PanelKind, MessageKey> = {
  lines: "kindHelp.lines",
  parallel: "kindHelp.parallel",
  importance: "kindHelp.importance",
  scatter: "kindHelp.scatter",
  box: "kindHelp.box",
  heat: "kindHelp.heat",
  history: "kindHelp.history",
  bar: "kindHelp.bar",
  histogram: "kindHelp.histogram",
  media: "kindHelp.media",
};

export const FIELD_WORDS: Record<FieldRule["name"], MessageKey> = {
  metric: "column.metric",
  x: "field.x",
  y: "field.y",
  color: "field.color",
  size: "field.size",
  by: "field.by",
  axes: "field.axes",
  key: "panel.key",
  show: "field.show",
  mark: "field.mark",
};

export const OPTION_WORDS: Record<string, MessageKey> = {
  trend: "option.trend",
  pareto: "option.pareto",
  none: "option.none",
  box: "option.box",
  violin: "option.violin",
  mean: "option.mean",
  best: "option.best",
  count: "option.count",
  surface: "option.surface",
  ridges: "option.ridges",
  heat: "option.heat",
};

const NAMES: Record<string, MessageKey> = {
  "d.name": "dimension.dataset",
  "d.digest": "dimension.digest",
  "d.context": "dimension.context",
  "a.status": "column.status",
  "a.user_id": "column.user",
  "a.start_time": "column.started",
  "a.duration": "column.duration",
};

/** What readers call a key. */
export function dimensionName(id: DimensionId, t: Translate): string {
  const word = NAMES[id];
  return word ? t(word) : labelOf(id);
}
