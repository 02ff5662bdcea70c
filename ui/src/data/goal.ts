/** Whether more of a metric is better: what the experiment says, else what the metric's name suggests. */
import type { KeyValue } from "../api/types";

const NAME_TAG = "mlflow.experiment.primaryMetric.name";
const RISING_TAG = "mlflow.experiment.primaryMetric.greaterIsBetter";
const FALLING = /(?:^|[^a-z])(?:loss|err|error|mse|mae|rmse|mape|nll|perplexity|ppl|wer|cer|fid|latency|regret)(?![a-z])/i;

/** An experiment's goal metric. */
export interface Goal {
  metric: string;
  rising: boolean;
}

export function goalOf(tags: readonly KeyValue[] | undefined): Goal | null {
  const read = (key: string) => tags?.find((tag) => tag.key === key)?.value;
  const metric = read(NAME_TAG);
  if (!metric) return null;
  const rising = read(RISING_TAG);
  return { metric, rising: rising ? rising.toLowerCase() === "true" : isRising(metric, null) };
}

/** The experiment tags that say a goal. */
export function goalTags(goal: Goal): KeyValue[] {
  return [
    { key: NAME_TAG, value: goal.metric },
    { key: RISING_TAG, value: goal.rising ? "True" : "False" },
  ];
}

export function isRising(metric: string, goal: Goal | null): boolean {
  return goal?.metric === metric ? goal.rising : !FALLING.test(metric);
}

/** How far a value is from the baseline's, as a share of it; null where that cannot be told. */
export function relativeChange(value: number, base: number): number | null {
  if (!Number.isFinite(value) || !Number.isFinite(base) || base === 0) return null;
  return (value - base) / Math.abs(base);
}
