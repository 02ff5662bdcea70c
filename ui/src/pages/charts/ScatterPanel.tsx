import { useCallback, useEffect, useMemo } from "react";
import type { Plot } from "../../charts/axes";
import { ColorKey } from "../../charts/ColorKey";
import { plotAxis, type PlotAxis } from "../../charts/plotaxis";
import { PointPlot, type Points } from "../../charts/PointPlot";
import { colorsOf, sharesOf } from "../../charts/shades";
import { useColors, type Colors } from "../../charts/useColors";
import { groupingColumn, strongest } from "../../data/choice";
import { columnKey, columnKind } from "../../data/columns";
import { formatNumber } from "../../data/format";
import { varies } from "../../data/parallel";
import type { Column } from "../../data/runtable";
import { kernelLine, paretoFront, spearman } from "../../data/stats";
import { useWords } from "../../i18n/language";
import { DataTable } from "./DataTable";
import type { BodyProps } from "./model";
import { RegionFilter } from "./RegionFilter";
import { RunTip } from "./RunTip";
import { columnTable, useTableData } from "./useTable";

const RADIUS = 4;
const RADII: readonly [number, number] = [3, 9];
/** Runs of one category are put beside each other, always in the same places. */
const JITTER = 0.5;

/** Each run as a point of two of its values. */
export function ScatterPanel({ spec, shared, asTable, onData, onTitle }: BodyProps) {
  const { t, language } = useWords();
  const colors = useColors();
  const { table, target, addFilter, openRun, baseline } = shared;
  const chosen = useMemo(() => {
    if (!table) return null;
    const pick = (name: string) => table.columns.get(spec.fields[name]?.[0] ?? "") ?? null;
    const y = pick("y") ?? table.columns.get(target ?? "") ?? null;
    const inputs = strongest(table, y?.id ?? "");
    const x = pick("x") ?? inputs.find((column) => column.kind !== "category") ?? inputs[0] ?? null;
    const grouped = y ? groupingColumn(table, y.id) : null;
    const plain = spec.fields.color?.[0] === "";
    const auto = grouped && grouped !== x && varies(grouped) ? grouped : null;
    return x && y ? { x, y, color: plain ? null : (pick("color") ?? auto), size: pick("size") } : null;
  }, [table, target, spec]);
  const title = chosen ? t("scatter.title", { x: chosen.x.label, y: chosen.y.label }) : "";
  useEffect(() => onTitle(title), [onTitle, title]);

  const scene = useMemo(() => {
    if (!table || !chosen) return null;
    const [x, y] = [plotAxis(chosen.x), plotAxis(chosen.y)];
    const sizes = chosen.size ? sharesOf(chosen.size) : null;
    const points: Points = {
      ids: table.runs.map((run) => run.run_id),
      xs: placed(chosen.x, x),
      ys: placed(chosen.y, y),
      colors: colorsOf(chosen.color, table.runs.length, colors),
      radius: (index) => (sizes ? RADII[0] + (sizes[index] || 0) * (RADII[1] - RADII[0]) : RADIUS),
    };
    return { x, y, points };
  }, [table, chosen, colors]);
  const mark = spec.fields.mark?.[0] ?? "trend";
  const over = useCallback(
    (pen: CanvasRenderingContext2D, plot: Plot, look: Colors) => {
      if (!chosen || !scene) return;
      if (mark === "trend") paintTrend(pen, plot, look, scene);
      if (mark === "pareto") {
        const rises = (column: Column) => columnKind(column.id) === "metric" && shared.rising(columnKey(column.id));
        paintFront(pen, plot, look, scene.points, paretoFront(chosen.x.numbers, chosen.y.numbers, rises(chosen.x), rises(chosen.y)));
      }
    },
    [chosen, scene, mark, shared],
  );
  const columns = chosen ? [chosen.x, chosen.y, ...[chosen.color, chosen.size].filter((column) => column !== null)] : [];
  const make = () => (table ? columnTable(table, columns, t("column.name"), language) : { head: [], rows: [] });
  useTableData(onData, make);

  if (!table) return <p className="panel-empty">{t("loading")}</p>;
  if (!chosen || !scene) return <p className="panel-empty">{t("chart.nothingToCompare")}</p>;
  const rho = chosen.x.kind === "category" ? Number.NaN : spearman(chosen.x.numbers, chosen.y.numbers);
  const label = `${title}. ${t("scatter.summary", { n: count(scene.points), rho: formatNumber(rho) })}`;
  if (asTable) return <DataTable data={make()} label={label} />;
  return (
    <div className="panel-body">
      <PointPlot
        x={scene.x}
        y={scene.y}
        points={scene.points}
        label={label}
        over={over}
        strong={baseline}
        onOpen={openRun}
        renderTip={(index) => <RunTip run={table.runs[index]} columns={columns} index={index} />}
        renderChoice={(region) => (
          <RegionFilter x={chosen.x} y={chosen.y} axes={scene} points={scene.points} region={region} onFilter={addFilter} />
        )}
      />
      <div className="panel-foot">
        {chosen.color ? <ColorKey column={chosen.color} /> : null}
        {Number.isFinite(rho) ? <span className="muted">{t("scatter.rho", { rho: rho.toFixed(2).replace("-", "−") })}</span> : null}
      </div>
    </div>
  );
}

const count = (points: Points) => points.xs.filter((x, index) => Number.isFinite(x) && Number.isFinite(points.ys[index])).length;

/** Places of a column's runs on an axis; those of a category side by side. */
export function placed(column: Column, axis: PlotAxis): Float64Array {
  if (column.kind !== "category") return column.numbers.map(axis.place);
  const share = 1 / Math.max(1, column.categories.length);
  return column.numbers.map((code, run) => axis.place(code) + share * JITTER * (scatter(run) - 0.5));
}

/** An even spread of numbers in [0, 1): multiples of the golden ratio. */
export const scatter = (index: number) => (index * 0.618_033_988_749_895) % 1;

const TREND_FROM = 8;

/** A smooth line through the middle of the points as they are drawn. */
function paintTrend(pen: CanvasRenderingContext2D, plot: Plot, colors: Colors, scene: { x: PlotAxis; y: PlotAxis; points: Points }): void {
  if (!scene.x.scale || !scene.y.scale) return;
  const { xs, ys } = scene.points;
  const known = [...xs.keys()].filter((index) => Number.isFinite(xs[index]) && Number.isFinite(ys[index]));
  if (known.length < TREND_FROM) return;
  const line = kernelLine(known.map((index) => xs[index] ?? 0), known.map((index) => ys[index] ?? 0));
  pen.strokeStyle = colors.muted;
  pen.lineWidth = 1.5;
  pen.setLineDash([5, 4]);
  pen.beginPath();
  for (const [x, y] of line) pen.lineTo(plot.left + x * plot.width, plot.top + (1 - y) * plot.height);
  pen.stroke();
  pen.setLineDash([]);
}

function paintFront(pen: CanvasRenderingContext2D, plot: Plot, colors: Colors, points: Points, front: readonly number[]): void {
  pen.strokeStyle = colors.text;
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const index of front) {
    pen.lineTo(plot.left + (points.xs[index] ?? 0) * plot.width, plot.top + (1 - (points.ys[index] ?? 0)) * plot.height);
  }
  pen.stroke();
}
