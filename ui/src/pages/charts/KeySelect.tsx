import type { ExperimentColumns } from "../../api/types";
import { isHiddenTag, isSystemMetric } from "../../data/columns";
import { metricDimension, type DimensionId } from "../../data/dimension";
import { useWords } from "../../i18n/language";
import { dimensionName } from "./words";

const ATTRIBUTES: readonly DimensionId[] = ["a.start_time", "a.duration", "a.status", "a.user_id"];
const DATASETS: readonly DimensionId[] = ["d.name", "d.digest", "d.context"];

interface KeySelectProps {
  known: ExperimentColumns;
  of: "metric" | "any";
  value: DimensionId;
  label: string;
  /** The word for "". */
  empty?: string | undefined;
  /** Whether "min" and "max" of metrics can be chosen. */
  reductions?: boolean;
  onChange: (id: DimensionId) => void;
}

/** A choice among an experiment's keys, by kind. */
export function KeySelect({ known, of, value, label, empty, reductions = true, onChange }: KeySelectProps) {
  const { t } = useWords();
  const metrics = (known.metrics ?? []).filter((metric) => !isSystemMetric(metric.key)).map((metric) => metric.key);
  const systems = (known.metrics ?? []).filter((metric) => isSystemMetric(metric.key)).map((metric) => metric.key);
  const summaries = reductions ? metrics.flatMap((key) => [metricDimension(key, "min"), metricDimension(key, "max")]) : [];
  const groups: [string, DimensionId[]][] = [
    ...(of === "any"
      ? ([
          [t("section.params"), (known.params ?? []).map((param) => `p.${param.key}`)],
          [t("section.datasets"), [...DATASETS]],
        ] as [string, DimensionId[]][])
      : []),
    [t("section.metrics"), metrics.map((key) => metricDimension(key))],
    [t("section.summaries"), summaries],
    [t("section.system"), systems.map((key) => metricDimension(key))],
    ...(of === "any"
      ? ([
          [t("section.tags"), (known.tags ?? []).filter((tag) => !isHiddenTag(tag.key)).map((tag) => `t.${tag.key}`)],
          [t("section.attributes"), [...ATTRIBUTES]],
        ] as [string, DimensionId[]][])
      : []),
  ];
  const listed = groups.some(([, ids]) => ids.includes(value));
  return (
    <select className="select" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      {empty === undefined ? null : <option value="">{empty}</option>}
      {value && !listed ? <option value={value}>{dimensionName(value, t)}</option> : null}
      {groups.map(([title, ids]) =>
        ids.length ? (
          <optgroup key={title} label={title}>
            {ids.map((id) => (
              <option key={id} value={id}>
                {dimensionName(id, t)}
              </option>
            ))}
          </optgroup>
        ) : null,
      )}
    </select>
  );
}
