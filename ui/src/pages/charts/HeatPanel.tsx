import { useCallback, useEffect, useMemo } from "react";
import type { Plot } from "../../charts/axes";
import { ColorKey } from "../../charts/ColorKey";
import { plotAxis } from "../../charts/plotaxis";
import { PointPlot, type Points } from "../../charts/PointPlot";
import { shadeFor } from "../../charts/shades";
import { useColors, type Colors } from "../../charts/useColors";
import { strongest } from "../../data/choice";
import { columnKey } from "../../data/columns";
import { formatNumber } from "../../data/format";
import { cellsOf, heatCells, surface, SURFACE_FROM, type HeatShow } from "../../data/heat";
import type { Column } from "../../data/runtable";
import { extent } from "../../data/scale";
import { useWords } from "../../i18n/language";
import { rampColor } from "../../theme/ramp";
import { DataTable } from "./DataTable";
import type { BodyProps } from "./model";
import { RegionFilter } from "./RegionFilter";
import { RunTip } from "./RunTip";
import { placed } from "./ScatterPanel";
import { columnTable, useTableData } from "./useTable";

const SHOWS: readonly HeatShow[] = ["mean", "best", "count", "surface"];

/** A metric over two params as colours: in cells, or as a surface between the runs. */
export function HeatPanel({ spec, shared, asTable, onData, onTitle }: BodyProps) {
  const { t, language } = useWords();
  const colors = useColors();
  const { table, target, rising, openRun, addFilter, baseline } = shared;
  const wish = SHOWS.find((name) => name === spec.fields.show?.[0]) ?? "surface";
  const chosen = useMemo(() => {
    if (!table) return null;
    const pick = (name: string) => table.columns.get(spec.fields[name]?.[0] ?? "");
    const metric = pick("metric") ?? table.columns.get(target ?? "");
    const inputs = strongest(table, metric?.id ?? "");
    const x = pick("x") ?? inputs[0];
    const y = pick("y") ?? inputs.find((column) => column !== x);
    return x && y && metric ? { x, y, metric } : null;
  }, [table, target, spec]);
  const title = chosen ? t("heat.title", { metric: chosen.metric.label, x: chosen.x.label, y: chosen.y.label }) : "";
  useEffect(() => onTitle(title), [onTitle, title]);

  const scene = useMemo(() => {
    if (!table || !chosen) return null;
    const [x, y] = [plotAxis(chosen.x), plotAxis(chosen.y)];
    const points: Points = {
      ids: table.runs.map((run) => run.run_id),
      xs: placed(chosen.x, x),
      ys: placed(chosen.y, y),
      colors: table.runs.map(() => colors.text),
      radius: () => 2,
    };
    const values = chosen.metric.numbers;
    const known = values.filter((value, run) => Number.isFinite(value) && Number.isFinite(points.xs[run]) && Number.isFinite(points.ys[run]));
    const show = wish === "surface" && (known.length < SURFACE_FROM || !x.scale || !y.scale) ? "mean" : wish;
    const cells =
      show === "surface"
        ? surface(points.xs, points.ys, values)
        : heatCells(points.xs, points.ys, values, [cellsOf(chosen.x), cellsOf(chosen.y)], show, rising(columnKey(chosen.metric.id)));
    const shown: Column = { ...chosen.metric, numbers: show === "surface" ? values : cells.values, decades: false, label: show === "count" ? t("box.runs") : chosen.metric.label };
    return { x, y, points, cells, shown, show, known: known.length };
  }, [table, chosen, colors, wish, rising, t]);
  const under = useCallback(
    (pen: CanvasRenderingContext2D, plot: Plot, look: Colors) => {
      if (!scene) return;
      const { columns, rows, values } = scene.cells;
      const [low, high] = extent(scene.shown.numbers) ?? [0, 1];
      const gap = scene.show === "surface" ? 0 : 1;
      for (let cell = 0; cell < values.length; cell += 1) {
        const value = values[cell] ?? Number.NaN;
        if (!Number.isFinite(value)) continue;
        const [column, row] = [cell % columns, Math.floor(cell / columns)];
        const left = plot.left + (column / columns) * plot.width;
        const top = plot.top + (1 - (row + 1) / rows) * plot.height;
        pen.fillStyle = rampColor(shadeFor(high > low ? (value - low) / (high - low) : 0.5, look));
        pen.fillRect(left + gap, top + gap, plot.width / columns - 2 * gap + (gap ? 0 : 0.7), plot.height / rows - 2 * gap + (gap ? 0 : 0.7));
      }
      paintDots(pen, plot, look, scene.points);
    },
    [scene],
  );
  const columns = chosen ? [chosen.x, chosen.y, chosen.metric] : [];
  const make = () => (table ? columnTable(table, columns, t("column.name"), language) : { head: [], rows: [] });
  useTableData(onData, make);

  if (!table) return <p className="panel-empty">{t("loading")}</p>;
  if (!chosen || !scene) return <p className="panel-empty">{t("chart.nothingToCompare")}</p>;
  const label = `${title}. ${t("heat.summary", { n: scene.known })}`;
  if (asTable) return <DataTable data={make()} label={label} />;
  return (
    <div className="panel-body">
      <PointPlot
        x={scene.x}
        y={scene.y}
        points={scene.points}
        label={label}
        under={under}
        alpha={0.9}
        strong={baseline}
        onOpen={openRun}
        renderTip={(index) => <RunTip run={table.runs[index]} columns={columns} index={index} />}
        renderChoice={(region) => (
          <RegionFilter x={chosen.x} y={chosen.y} axes={scene} points={scene.points} region={region} onFilter={addFilter} />
        )}
      />
      <div className="panel-foot">
        <ColorKey column={scene.shown} />
        <span className="muted">{t("heat.runs", { n: formatNumber(scene.known) })}</span>
      </div>
    </div>
  );
}

/** Runs as dots with a rim, so that they are seen on any colour. */
function paintDots(pen: CanvasRenderingContext2D, plot: Plot, colors: Colors, points: Points): void {
  pen.fillStyle = colors.raised;
  pen.beginPath();
  for (const [index, x] of points.xs.entries()) {
    const [left, top] = [plot.left + x * plot.width, plot.top + (1 - (points.ys[index] ?? Number.NaN)) * plot.height];
    if (!Number.isFinite(left) || !Number.isFinite(top)) continue;
    pen.moveTo(left + 3, top);
    pen.arc(left, top, 3, 0, 2 * Math.PI);
  }
  pen.fill();
}
