import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { Ridges, type StepHistogram } from "../../charts/Ridges";
import { byKey, thinned } from "../../data/media";
import { useWords } from "../../i18n/language";
import { DataTable } from "./DataTable";
import { runName, type BodyProps, type TableData } from "./model";
import { filesQuery, gather, jsonFileQuery } from "./queries";
import { useTableData } from "./useTable";

/** Steps that are shown: each is a file. */
const MOST_STEPS = 40;
const FOLDER = "clew/histograms";

interface HistogramFile {
  counts?: number[];
  edges?: number[];
}

/** The distributions that one run logged over its steps. */
export function HistogramPanel({ spec, shared, asTable, onData, onTitle }: BodyProps) {
  const { t } = useWords();
  const [ownRun, setOwnRun] = useState<string | null>(null);
  const [ownKey, setOwnKey] = useState<string | null>(null);
  const run = shared.seen.find((one) => one.run_id === ownRun) ?? shared.seen[0] ?? null;
  const files = useQuery({ ...filesQuery(run?.run_id ?? "", FOLDER), enabled: run !== null });
  const keys = useMemo(() => byKey(files.data ?? []), [files.data]);
  const key = ownKey ?? spec.fields.key?.[0] ?? keys.keys().next().value ?? "";
  const chosen = useMemo(() => thinned(keys.get(key) ?? [], MOST_STEPS), [keys, key]);
  const { answers, pending } = useQueries({
    queries: chosen.map((file) => jsonFileQuery<HistogramFile>(run?.run_id ?? "", file.path)),
    combine: gather,
  });
  const histograms = useMemo<readonly StepHistogram[]>(
    () =>
      chosen.flatMap((file, index) => {
        const { counts = [], edges = [] } = answers[index] ?? {};
        return counts.length && edges.length === counts.length + 1 ? [{ step: file.step, counts, edges }] : [];
      }),
    [chosen, answers],
  );
  useEffect(() => onTitle(key ? t("histogram.title", { key }) : ""), [onTitle, key, t]);
  const make = (): TableData => ({
    head: [t("column.step"), t("histogram.from"), t("histogram.to"), t("histogram.count")],
    rows: histograms.flatMap((one) => one.counts.map((count, bin) => [one.step, one.edges[bin] ?? null, one.edges[bin + 1] ?? null, count])),
  });
  useTableData(onData, make);

  if (!run) return <p className="panel-empty">{t("chart.noRuns")}</p>;
  const pickRun = (
    <select className="select" aria-label={t("histogram.run")} value={run.run_id} onChange={(event) => setOwnRun(event.target.value)}>
      {shared.seen.map((one) => (
        <option key={one.run_id} value={one.run_id}>
          {runName(one)}
        </option>
      ))}
    </select>
  );
  const label = t("histogram.summary", { key, name: runName(run), n: histograms.length });
  return (
    <div className="panel-body">
      <div className="media-tools">
        {pickRun}
        {keys.size > 0 ? (
          <select className="select" aria-label={t("panel.key")} value={key} onChange={(event) => setOwnKey(event.target.value)}>
            {[...keys.keys()].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        ) : null}
      </div>
      {files.isPending || pending ? (
        <p className="panel-empty">{t("loading")}</p>
      ) : histograms.length === 0 ? (
        <p className="panel-empty">{t("histogram.none")}</p>
      ) : asTable ? (
        <DataTable data={make()} label={label} />
      ) : (
        <Ridges histograms={histograms} heat={spec.fields.show?.[0] === "heat"} label={label} />
      )}
    </div>
  );
}
