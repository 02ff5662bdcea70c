import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Bars } from "../../charts/Bars";
import { columnKey, columnReduction } from "../../data/columns";
import { DATASET_NAME, metricDimension } from "../../data/dimension";
import { toNumber } from "../../data/format";
import { useWords } from "../../i18n/language";
import { Failure } from "../../parts/Region";
import { DataTable } from "./DataTable";
import type { BodyProps, TableData } from "./model";
import { importanceQuery } from "./queries";
import { useTableData } from "./useTable";

const MOST = 30;

/** Which params, and whether the data, a metric goes with: reckoned by the server over all runs that match. */
export function ImportancePanel({ spec, shared, asTable, onData, onTitle }: BodyProps) {
  const { t } = useWords();
  const { scope, target, addPanel } = shared;
  const id = spec.fields.metric?.[0] ?? target ?? metricDimension("");
  const metric = columnKey(id);
  const reduction = columnReduction(id);
  const query = useQuery({ ...importanceQuery(scope, metric, reduction === "last" ? null : reduction), enabled: metric !== "" });
  const title = metric ? t("importance.title", { key: metric }) : "";
  useEffect(() => onTitle(title), [onTitle, title]);
  const answer = query.data;
  const forest = answer?.method === "forest";
  const rows = (answer?.params ?? []).filter((row) => (row.distinct ?? 0) > 1).slice(0, MOST);
  const nameOf = (row: (typeof rows)[number]) => (row.kind === "dataset" ? t("importance.dataset") : row.param);
  const make = (): TableData => ({
    head: [t("importance.param"), t("importance.share"), t("importance.spread"), "ρ", t("box.runs")],
    rows: rows.map((row) => [nameOf(row), row.importance ?? null, row.spread ?? null, row.correlation ?? null, row.runs ?? null]),
  });
  useTableData(onData, make);

  if (query.isError && !answer) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (!answer) return <p className="panel-empty">{t("loading")}</p>;
  if (rows.length === 0) return <p className="panel-empty">{answer.message ?? t("chart.nothingToCompare")}</p>;
  const strongest = rows.slice(0, 3).map(nameOf).join(", ");
  const label = `${title}. ${t("importance.summary", { n: answer.runs ?? 0, params: strongest })}`;
  if (asTable) return <DataTable data={make()} label={label} />;
  const score = answer.score === undefined ? Number.NaN : toNumber(answer.score);
  return (
    <div className="panel-body">
      <Bars
        label={label}
        onOpen={(row) => addPanel("scatter", { x: [row], y: [id] })}
        bars={rows.map((row) => {
          const value = forest ? (row.importance ?? 0) : Math.abs(row.correlation ?? 0);
          const spread = row.spread ?? 0;
          return {
            id: row.kind === "dataset" ? DATASET_NAME : `p.${row.param}`,
            label: nameOf(row),
            value,
            style: -2,
            ...(forest ? { text: shareText(value) } : {}),
            ...(forest ? { low: Math.max(0, value - spread), high: value + spread } : {}),
            ...(row.correlation === undefined ? {} : { note: `ρ ${row.correlation.toFixed(2).replace("-", "−")}` }),
          };
        })}
      />
      <p className="panel-note">
        {forest
          ? t("importance.forest", { n: answer.runs ?? 0, score: Number.isFinite(score) ? score.toFixed(2).replace("-", "−") : "–" })
          : (answer.message ?? t("importance.correlation", { n: answer.runs ?? 0 }))}
      </p>
    </div>
  );
}

/** "57 %": shares of one whole. */
const shareText = (share: number) => `${share >= 0.1 ? Math.round(share * 100) : Number((share * 100).toPrecision(1))} %`;
