/** What charts judge runs by. */
import type { ExperimentColumns } from "../../api/types";
import { byEvaluation, isSystemMetric } from "../../data/columns";
import { metricDimension, type DimensionId } from "../../data/dimension";
import type { Goal } from "../../data/goal";

const HEADLINE = /(?:acc|accuracy|auc|f1|score|map|bleu|r2)(?![a-z])/i;

/** The goal; else the metric of evaluation that most runs have, a headline such as accuracy first; null without any. */
export function targetOf(known: ExperimentColumns, goal: Goal | null): DimensionId | null {
  if (goal) return metricDimension(goal.metric);
  const metrics = (known.metrics ?? []).filter((metric) => !isSystemMetric(metric.key));
  const headline = (key: string) => Number(HEADLINE.test(key));
  const [first] = metrics.toSorted((a, b) => byEvaluation(a, b) || headline(b.key) - headline(a.key) || b.runs - a.runs);
  return first ? metricDimension(first.key) : null;
}
