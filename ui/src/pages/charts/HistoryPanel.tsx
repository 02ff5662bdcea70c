import { useCallback, useEffect, useMemo } from "react";
import type { Plot } from "../../charts/axes";
import { plotAxis } from "../../charts/plotaxis";
import { PointPlot, type Points } from "../../charts/PointPlot";
import { useColors, type Colors } from "../../charts/useColors";
import { columnKey } from "../../data/columns";
import { formatNumber, formatTime } from "../../data/format";
import { makeColumn } from "../../data/runtable";
import { bestSoFar } from "../../data/stats";
import { useWords } from "../../i18n/language";
import { DataTable } from "./DataTable";
import { runName, type BodyProps, type TableData } from "./model";
import { useTableData } from "./useTable";

/** A metric by the start of the runs, and the best of it so far. */
export function HistoryPanel({ spec, shared, asTable, onData, onTitle }: BodyProps) {
  const { t, language } = useWords();
  const colors = useColors();
  const { table, target, openRun, baseline, rising } = shared;
  const y = table?.columns.get(spec.fields.metric?.[0] ?? target ?? "") ?? null;
  const title = y ? t("history.title", { key: y.label }) : "";
  useEffect(() => onTitle(title), [onTitle, title]);

  const scene = useMemo(() => {
    if (!table || !y) return null;
    const order = [...table.runs.keys()]
      .filter((run) => Number.isFinite(y.numbers[run]) && table.runs[run]?.start_time)
      .toSorted((a, b) => (table.runs[a]?.start_time ?? 0) - (table.runs[b]?.start_time ?? 0));
    const runs = order.flatMap((run) => table.runs[run] ?? []);
    const start = makeColumn("a.start_time", runs.map((run) => run.start_time ?? null));
    const values = Float64Array.from(order, (run) => y.numbers[run] ?? Number.NaN);
    const best = bestSoFar(values, rising(columnKey(y.id)));
    const [xAxis, yAxis] = [plotAxis(start), plotAxis({ ...y, numbers: values })];
    const points: Points = {
      ids: runs.map((run) => run.run_id),
      xs: start.numbers.map(xAxis.place),
      ys: values.map(yAxis.place),
      colors: Array.from(values, (value, index) => (value === best[index] && value !== best[index - 1] ? (colors.series[1] ?? colors.accent) : (colors.series[0] ?? colors.accent))),
      radius: () => 3.5,
    };
    return { runs, values, best, x: { ...xAxis, title: t("column.started") }, y: yAxis, points };
  }, [table, y, colors, rising, t]);
  const over = useCallback(
    (pen: CanvasRenderingContext2D, plot: Plot, look: Colors) => {
      if (!scene) return;
      pen.strokeStyle = look.series[1] ?? look.accent;
      pen.lineWidth = 2;
      pen.beginPath();
      let before = Number.NaN;
      for (const [index, value] of scene.best.entries()) {
        const left = plot.left + (scene.points.xs[index] ?? 0) * plot.width;
        const top = plot.top + (1 - scene.y.place(value)) * plot.height;
        if (Number.isFinite(before)) pen.lineTo(left, before);
        pen.lineTo(left, top);
        before = top;
      }
      pen.lineTo(plot.left + plot.width, before);
      pen.stroke();
    },
    [scene],
  );
  const make = (): TableData => ({
    head: [t("column.name"), t("column.started"), y?.label ?? "", t("history.best")],
    rows: (scene?.runs ?? []).map((run, index) => [
      runName(run),
      formatTime(run.start_time ?? 0, language),
      scene?.values[index] ?? null,
      scene?.best[index] ?? null,
    ]),
  });
  useTableData(onData, make);

  if (!table) return <p className="panel-empty">{t("loading")}</p>;
  if (!scene || !y || scene.runs.length === 0) return <p className="panel-empty">{t("chart.nothingToCompare")}</p>;
  const label = `${title}. ${t("history.summary", { n: scene.runs.length, best: formatNumber(scene.best.at(-1) ?? Number.NaN) })}`;
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
        renderTip={(index) => (
          <>
            <div className="tip-head">{runName(scene.runs[index] ?? { run_id: "" })}</div>
            <table>
              <tbody>
                <tr>
                  <th scope="row">{t("column.started")}</th>
                  <td>{formatTime(scene.runs[index]?.start_time ?? 0, language)}</td>
                </tr>
                <tr className="tip-first">
                  <th scope="row">{y.label}</th>
                  <td>{formatNumber(scene.values[index] ?? Number.NaN)}</td>
                </tr>
                <tr>
                  <th scope="row">{t("history.best")}</th>
                  <td>{formatNumber(scene.best[index] ?? Number.NaN)}</td>
                </tr>
              </tbody>
            </table>
          </>
        )}
      />
    </div>
  );
}
