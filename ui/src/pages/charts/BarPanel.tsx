import { useEffect, useMemo } from "react";
import { Bars, type Bar } from "../../charts/Bars";
import { columnKey } from "../../data/columns";
import { formatTick } from "../../data/format";
import { groupBy } from "../../data/runtable";
import { spread } from "../../data/stats";
import { useWords } from "../../i18n/language";
import { DataTable } from "./DataTable";
import { runName, type BodyProps, type TableData } from "./model";
import { useTableData } from "./useTable";

/** A metric's value per run, the best first; per group its mean with the standard deviation. */
export function BarPanel({ spec, shared, asTable, onData, onTitle }: BodyProps) {
  const { t } = useWords();
  const { table, target, styleOf, baseline, openRun, rising } = shared;
  const y = table?.columns.get(spec.fields.metric?.[0] ?? target ?? "") ?? null;
  const by = table?.columns.get(spec.fields.by?.[0] ?? "") ?? null;
  const title = y ? (by ? t("box.title", { y: y.label, by: by.label }) : y.label) : "";
  useEffect(() => onTitle(title), [onTitle, title]);
  const bars = useMemo<readonly Bar[]>(() => {
    if (!table || !y) return [];
    const better = rising(columnKey(y.id)) ? 1 : -1;
    const ranked = (list: Bar[]) => list.filter((bar) => Number.isFinite(bar.value)).toSorted((a, b) => better * (b.value - a.value));
    if (!by) {
      return ranked(table.runs.map((run, index) => ({ id: run.run_id, label: runName(run), value: y.numbers[index] ?? Number.NaN, style: styleOf(run.run_id) })));
    }
    const grouping = groupBy(by, 6, formatTick);
    return ranked(
      grouping.labels.map((label, number) => {
        const of = spread(y.numbers.filter((_value, run) => grouping.of[run] === number));
        const mean = of?.mean ?? Number.NaN;
        const name = label ?? t("chart.without");
        return { id: name, label: name, value: mean, style: number, low: mean - (of?.sd ?? 0), high: mean + (of?.sd ?? 0), note: t("runs.count", { n: of?.count ?? 0 }) };
      }),
    );
  }, [table, y, by, rising, styleOf, t]);
  const make = (): TableData => ({ head: [by?.label ?? t("column.name"), y?.label ?? ""], rows: bars.map((bar) => [bar.label, bar.value]) });
  useTableData(onData, make);
  if (!table) return <p className="panel-empty">{t("loading")}</p>;
  if (bars.length === 0) return <p className="panel-empty">{t("chart.nothingToCompare")}</p>;
  if (asTable) return <DataTable data={make()} label={title} />;
  return (
    <div className="panel-body">
      <Bars bars={bars} label={title} strong={baseline} onOpen={by ? undefined : openRun} />
    </div>
  );
}
