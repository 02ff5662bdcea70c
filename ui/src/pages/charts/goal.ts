/** Whether more of a metric is better: what the experiment says, else what the metric's name suggests. */
import type { Experiment, ExperimentColumns } from "../../api/types";
import { byEvaluation, isSystemMetric } from "../../data/columns";
import { metricDimension, type DimensionId } from "../../data/dimension";

const NAME_TAG = "mlflow.experiment.primaryMetric.name";
const RISING_TAG = "mlflow.experiment.primaryMetric.greaterIsBetter";
const FALLING = /(?:^|[^a-z])(?:loss|err|error|mse|mae|rmse|mape|nll|perplexity|ppl|wer|cer|fid|latency|regret|time|duration)(?![a-z])/i;
const HEADLINE = /(?:acc|accuracy|auc|f1|score|map|bleu|r2)(?![a-z])/i;

export interface Goal {
  metric: string;
  rising: boolean | null;
}

export function goalOf(experiment: Experiment | undefined): Goal | null {
  const read = (key: string) => experiment?.tags?.find((tag) => tag.key === key)?.value;
  const metric = read(NAME_TAG);
  const rising = read(RISING_TAG);
  return metric ? { metric, rising: rising === undefined ? null : rising.toLowerCase() === "true" } : null;
}

export function isRising(metric: string, goal: Goal | null): boolean {
  return goal?.metric === metric && goal.rising !== null ? goal.rising : !FALLING.test(metric);
}

/** What runs are judged by: the goal; else the metric of evaluation that most runs have, a headline such as accuracy first. */
export function targetOf(known: ExperimentColumns, goal: Goal | null): DimensionId | null {
  if (goal) return metricDimension(goal.metric);
  const metrics = (known.metrics ?? []).filter((metric) => !isSystemMetric(metric.key));
  const headline = (key: string) => Number(HEADLINE.test(key));
  const [first] = metrics.toSorted((a, b) => byEvaluation(a, b) || headline(b.key) - headline(a.key) || b.runs - a.runs);
  return first ? metricDimension(first.key) : null;
}
