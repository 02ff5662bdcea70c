import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { Ridges, type StepHistogram } from "../../../charts/Ridges";
import type { StepFile } from "../../../data/media";
import { useWords } from "../../../i18n/language";
import { gather, jsonFileQuery } from "../../charts/queries";

interface HistogramFile {
  counts?: number[];
  edges?: number[];
}

/** Histograms of one key, each of a step, behind each other. */
export function HistogramView({ runId, files, name }: { runId: string; files: readonly StepFile[]; name: string }) {
  const { t } = useWords();
  const { answers, pending } = useQueries({ queries: files.map((file) => jsonFileQuery<HistogramFile>(runId, file.path)), combine: gather });
  const histograms = useMemo<StepHistogram[]>(
    () =>
      files.flatMap((file, index) => {
        const { counts = [], edges = [] } = answers[index] ?? {};
        return counts.length && edges.length === counts.length + 1 ? [{ step: file.step, counts, edges }] : [];
      }),
    [files, answers],
  );
  if (histograms.length === 0) return <p className="panel-none">{t(pending ? "loading" : "viewer.unreadable")}</p>;
  return (
    <div className="histogram-view">
      <Ridges histograms={histograms} heat={false} label={t("histogram.summary", { key: files[0]?.key ?? "", name, n: histograms.length })} />
    </div>
  );
}
