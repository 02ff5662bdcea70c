import type { PlotAxis } from "../../charts/plotaxis";
import { inRegion, type Points, type Region } from "../../charts/PointPlot";
import { rangeTerm, valuesTerm } from "../../data/dimension";
import type { Column } from "../../data/runtable";
import { useWords } from "../../i18n/language";

interface RegionFilterProps {
  x: Column;
  y: Column;
  axes: { x: PlotAxis; y: PlotAxis };
  points: Points;
  region: Region;
  onFilter: (term: string) => void;
}

/** Leaves the runs of a rectangle: its sides as a filter. */
export function RegionFilter({ x, y, axes, points, region, onFilter }: RegionFilterProps) {
  const { t } = useWords();
  const inside = inRegion(points, region).length;
  const term = [regionTerm(x, axes.x, region.left, region.right), regionTerm(y, axes.y, region.bottom, region.top)];
  return (
    <button type="button" className="button button-small" disabled={inside === 0} onClick={() => onFilter(term.filter(Boolean).join(" AND "))}>
      {t("chart.filterTo", { n: inside })}
    </button>
  );
}

/** The condition that says a part of an axis, in shares of it. */
function regionTerm(column: Column, axis: PlotAxis, low: number, high: number): string {
  if (column.kind === "category") {
    const size = column.categories.length;
    return valuesTerm(column.id, column.categories.filter((_text, code) => (code + 1) / size > low && code / size < high));
  }
  const unit = column.kind === "number" ? 1 : 1000;
  if (!axis.scale) return "";
  return rangeTerm(column.id, axis.scale.value(low) * unit, axis.scale.value(high) * unit) ?? "";
}
