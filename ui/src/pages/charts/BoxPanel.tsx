import { useCallback, useEffect, useMemo } from "react";
import type { Plot } from "../../charts/axes";
import { labelAxis, plotAxis } from "../../charts/plotaxis";
import { PointPlot, type Points } from "../../charts/PointPlot";
import { useColors, type Colors } from "../../charts/useColors";
import { groupingColumn } from "../../data/choice";
import { formatNumber, formatTick } from "../../data/format";
import { groupBy } from "../../data/runtable";
import { density, sortedFinite, spread, type Spread } from "../../data/stats";
import { useWords } from "../../i18n/language";
import { DataTable } from "./DataTable";
import { runName, type BodyProps, type TableData } from "./model";
import { scatter } from "./ScatterPanel";
import { useTableData } from "./useTable";

/** Fewer points make no violin. */
const VIOLIN_FROM = 5;
const WIDE = 0.62;
const STEPS = 60;

interface Group {
  label: string;
  values: Float64Array;
  spread: Spread | null;
}

/** A metric's spread by group: each run as a point, with boxes or violins behind. */
export function BoxPanel({ spec, shared, asTable, onData, onTitle }: BodyProps) {
  const { t } = useWords();
  const colors = useColors();
  const { table, target, openRun, baseline } = shared;
  const chosen = useMemo(() => {
    if (!table) return null;
    const y = table.columns.get(spec.fields.y?.[0] ?? target ?? "");
    const by = table.columns.get(spec.fields.by?.[0] ?? "") ?? (y ? groupingColumn(table, y.id) : null);
    return y && by ? { y, by } : null;
  }, [table, target, spec]);
  const title = chosen ? t("box.title", { y: chosen.y.label, by: chosen.by.label }) : "";
  useEffect(() => onTitle(title), [onTitle, title]);

  const scene = useMemo(() => {
    if (!table || !chosen) return null;
    const grouping = groupBy(chosen.by, 6, formatTick);
    const labels = grouping.labels.map((label) => label ?? t("chart.without"));
    const groups: Group[] = labels.map((label, number) => {
      const values = sortedFinite(chosen.y.numbers.filter((_value, run) => grouping.of[run] === number));
      return { label, values, spread: spread(values) };
    });
    const x = labelAxis(chosen.by.label, labels);
    const y = plotAxis(chosen.y);
    const share = (WIDE * 0.8) / Math.max(1, labels.length);
    const points: Points = {
      ids: table.runs.map((run) => run.run_id),
      xs: Float64Array.from(grouping.of, (group, run) => x.place(group) + share * (scatter(run) - 0.5)),
      ys: chosen.y.numbers.map(y.place),
      colors: Array.from(grouping.of, (group) => colors.series[group % colors.series.length] ?? colors.accent),
      radius: () => (table.runs.length > 500 ? 2 : 3),
    };
    return { groups, grouping, x, y, points };
  }, [table, chosen, colors, t]);
  const violin = spec.fields.show?.[0] === "violin";
  const under = useCallback(
    (pen: CanvasRenderingContext2D, plot: Plot, look: Colors) => {
      if (!scene) return;
      for (const [index, group] of scene.groups.entries()) {
        const middle = plot.left + scene.x.place(index) * plot.width;
        const half = (WIDE / 2 / scene.groups.length) * plot.width;
        const y = (value: number) => plot.top + (1 - scene.y.place(value)) * plot.height;
        const color = look.series[index % look.series.length] ?? look.accent;
        if (violin && group.values.length >= VIOLIN_FROM) paintViolin(pen, group, middle, half, y, color);
        else if (group.spread && group.values.length > 1) paintBox(pen, group.spread, middle, Math.min(half, 60), y, color, look);
      }
    },
    [scene, violin],
  );
  const make = (): TableData => ({
    head: [chosen?.by.label ?? "", t("box.runs"), t("box.mean"), t("box.sd"), t("column.min"), t("box.low"), t("box.median"), t("box.high"), t("column.max")],
    rows: (scene?.groups ?? []).map(({ label, spread: of }) => [
      label,
      of?.count ?? 0,
      ...(of ? [of.mean, of.sd, of.min, of.low, of.median, of.high, of.max] : [null, null, null, null, null, null, null]),
    ]),
  });
  useTableData(onData, make);

  if (!table) return <p className="panel-empty">{t("loading")}</p>;
  if (!chosen || !scene) return <p className="panel-empty">{t("chart.nothingToCompare")}</p>;
  const best = scene.groups
    .filter((group) => group.spread)
    .map((group) => `${group.label}: ${formatNumber(group.spread?.median ?? Number.NaN)}`)
    .slice(0, 8)
    .join("; ");
  const label = `${title}. ${t("box.summary", { medians: best })}`;
  if (asTable) return <DataTable data={make()} label={label} />;
  return (
    <div className="panel-body">
      <PointPlot
        x={scene.x}
        y={scene.y}
        points={scene.points}
        label={label}
        under={under}
        alpha={0.55}
        strong={baseline}
        onOpen={openRun}
        renderTip={(index) => {
          const group = scene.groups[scene.grouping.of[index] ?? -1];
          const of = group?.spread;
          return (
            <>
              <div className="tip-head">{runName(table.runs[index] ?? { run_id: "" })}</div>
              <table>
                <tbody>
                  <tr className="tip-first">
                    <th scope="row">{chosen.y.label}</th>
                    <td>{formatNumber(chosen.y.numbers[index] ?? Number.NaN)}</td>
                  </tr>
                  {of ? (
                    <>
                      <tr>
                        <th scope="row">{group.label}</th>
                        <td>{t("runs.count", { n: of.count })}</td>
                      </tr>
                      <tr>
                        <th scope="row">{t("box.median")}</th>
                        <td>{formatNumber(of.median)}</td>
                      </tr>
                      <tr>
                        <th scope="row">{t("box.quartiles")}</th>
                        <td>
                          {formatNumber(of.low)} – {formatNumber(of.high)}
                        </td>
                      </tr>
                    </>
                  ) : null}
                </tbody>
              </table>
            </>
          );
        }}
      />
    </div>
  );
}

function paintBox(
  pen: CanvasRenderingContext2D,
  of: Spread,
  middle: number,
  half: number,
  y: (value: number) => number,
  color: string,
  colors: Colors,
): void {
  const reach = 1.5 * (of.high - of.low);
  pen.strokeStyle = color;
  pen.fillStyle = color;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(middle, y(Math.max(of.min, of.low - reach)));
  pen.lineTo(middle, y(of.low));
  pen.moveTo(middle, y(of.high));
  pen.lineTo(middle, y(Math.min(of.max, of.high + reach)));
  pen.stroke();
  pen.globalAlpha = 0.14;
  pen.fillRect(middle - half, y(of.high), 2 * half, y(of.low) - y(of.high));
  pen.globalAlpha = 1;
  pen.strokeRect(middle - half, y(of.high), 2 * half, y(of.low) - y(of.high));
  pen.strokeStyle = colors.text;
  pen.lineWidth = 2.5;
  pen.beginPath();
  pen.moveTo(middle - half, y(of.median));
  pen.lineTo(middle + half, y(of.median));
  pen.stroke();
}

function paintViolin(
  pen: CanvasRenderingContext2D,
  group: Group,
  middle: number,
  half: number,
  y: (value: number) => number,
  color: string,
): void {
  const of = group.spread;
  if (!of) return;
  const at = Float64Array.from({ length: STEPS }, (_, step) => of.min + ((of.max - of.min) * step) / (STEPS - 1));
  const dense = density(group.values, at);
  const most = Math.max(...dense) || 1;
  pen.fillStyle = color;
  pen.strokeStyle = color;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let step = 0; step < STEPS; step += 1) pen.lineTo(middle + (half * (dense[step] ?? 0)) / most, y(at[step] ?? 0));
  for (let step = STEPS - 1; step >= 0; step -= 1) pen.lineTo(middle - (half * (dense[step] ?? 0)) / most, y(at[step] ?? 0));
  pen.closePath();
  pen.globalAlpha = 0.2;
  pen.fill();
  pen.globalAlpha = 1;
  pen.stroke();
  pen.lineWidth = 2.5;
  pen.beginPath();
  pen.moveTo(middle - 10, y(of.median));
  pen.lineTo(middle + 10, y(of.median));
  pen.stroke();
}
