import { useQueries } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { artifactAddress } from "../../api/server";
import { Swatch } from "../../charts/Swatch";
import { strokeOf, useColors } from "../../charts/useColors";
import { atStep, byKey, type StepFile } from "../../data/media";
import { useWords } from "../../i18n/language";
import { DataTable } from "./DataTable";
import { runName, type BodyProps, type TableData } from "./model";
import { filesQuery, gather } from "./queries";
import { useTableData } from "./useTable";

/** Runs whose pictures are shown. */
export const MOST_MEDIA = 8;

/** Images of one key of the first runs, at one step that a slider chooses. */
export function MediaPanel({ spec, shared, asTable, onData, onTitle }: BodyProps) {
  const { t } = useWords();
  const colors = useColors();
  const runs = shared.seen.slice(0, MOST_MEDIA);
  const [step, setStep] = useState<number | null>(null);
  const lists = useQueries({ queries: runs.map((run) => filesQuery(run.run_id, "images")), combine: gather });
  const found = useMemo(() => lists.answers.map((files) => byKey(files ?? [])), [lists.answers]);
  const keys = useMemo(() => [...new Set(found.flatMap((files) => [...files.keys()]))].toSorted(), [found]);
  const [own, setOwn] = useState<string | null>(null);
  const key = own ?? spec.fields.key?.[0] ?? keys[0] ?? "";
  useEffect(() => onTitle(key ? t("media.title", { key }) : ""), [onTitle, key, t]);
  const series = found.map((files) => files.get(key) ?? []);
  const steps = [...new Set(series.flatMap((files) => files.map((file) => file.step)))].toSorted((a, b) => a - b);
  const at = step ?? steps.at(-1) ?? 0;
  const index = Math.max(0, steps.findLastIndex((one) => one <= at));
  const shown = series.map((files): StepFile | null => atStep(files, at));
  const make = (): TableData => ({
    head: [t("column.name"), t("column.step"), t("media.file")],
    rows: runs.flatMap((run, number) => (series[number] ?? []).map((file) => [runName(run), file.step, file.path])),
  });
  useTableData(onData, make);

  if (lists.pending) return <p className="panel-empty">{t("loading")}</p>;
  if (keys.length === 0) return <p className="panel-empty">{t("media.none")}</p>;
  if (asTable) return <DataTable data={make()} label={key} />;
  return (
    <div className="panel-body media">
      <div className="media-tools">
        <select className="select" aria-label={t("panel.key")} value={key} onChange={(event) => setOwn(event.target.value)}>
          {keys.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        {steps.length > 1 ? (
          <label className="range">
            {t("column.step")}
            <input type="range" min={0} max={steps.length - 1} value={index} onChange={(event) => setStep(steps[Number(event.target.value)] ?? null)} />
            <output>{steps[index]}</output>
          </label>
        ) : null}
      </div>
      <div className="media-strip">
        {runs.map((run, number) => {
          const file = shown[number];
          return (
            <figure key={run.run_id}>
              {file ? (
                <img src={artifactAddress(run.run_id, file.path)} alt={t("media.alt", { key, name: runName(run), step: file.step })} loading="lazy" />
              ) : (
                <span className="muted">{t("media.missing")}</span>
              )}
              <figcaption>
                <Swatch stroke={strokeOf(shared.styleOf(run.run_id), colors)} />
                <span>{runName(run)}</span>
                {file && file.step !== steps[index] ? <span className="muted">{t("metrics.atStep", { step: file.step })}</span> : null}
              </figcaption>
            </figure>
          );
        })}
      </div>
    </div>
  );
}
