/** Controls that hold for all panels, or for one. */
import type { ExperimentColumns } from "../../api/types";
import { MAX_SMOOTHING } from "../../data/chartview";
import { reach, type Smoothing } from "../../data/lines";
import type { LineAxis } from "../../data/workspace";
import { useWords } from "../../i18n/language";

export function AxisSelect({ known, value, onChange }: { known: ExperimentColumns; value: LineAxis; onChange: (axis: LineAxis) => void }) {
  const { t } = useWords();
  return (
    <label className="control">
      <span>{t("axis.short")}</span>
      <select className="select" aria-label={t("axis.label")} value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="step">{t("axis.step")}</option>
        <option value="relative">{t("axis.relative")}</option>
        <option value="time">{t("axis.time")}</option>
        <optgroup label={t("section.metrics")}>
          {(known.metrics ?? []).map((metric) => (
            <option key={metric.key} value={`m.${metric.key}`}>
              {metric.key}
            </option>
          ))}
        </optgroup>
      </select>
    </label>
  );
}

export function SmoothingRange({ value, kind, onChange }: { value: number; kind: Smoothing; onChange: (value: number) => void }) {
  const { t } = useWords();
  const shown = value === 0 ? "0" : kind === "ema" ? value.toFixed(2) : `±${reach(value)}`;
  return (
    <label className="range">
      {t("chart.smoothing")}
      <input type="range" min={0} max={MAX_SMOOTHING} step={0.01} value={value} onChange={(event) => onChange(Number(event.target.value))} />
      <output>{shown}</output>
    </label>
  );
}
