import { useMemo } from "react";
import { artifactAddress, zipAddress } from "../../api/server";
import type { ArtifactEntry } from "../../api/types";
import { kindOf } from "../../data/filekind";
import { formatBytes } from "../../data/format";
import { byKey, thinned, type StepFile } from "../../data/media";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { HistogramView } from "./viewers/HistogramView";

/** Keys whose last file is shown. */
const MOST_KEYS = 60;
const MOST_STEPS = 40;

interface FolderViewProps {
  runId: string;
  path: string;
  files: readonly ArtifactEntry[];
  onChoose: (path: string) => void;
}

/** What lies in a folder: of files over steps the last of each key, else their names and sizes. */
export function FolderView({ runId, path, files, onChoose }: FolderViewProps) {
  const { t } = useWords();
  const series = useMemo(() => [...byKey(files)], [files]);
  const sizes = files.flatMap((file) => (file.file_size === undefined ? [] : [Number(file.file_size)]));
  return (
    <section className="file-view" aria-label={path}>
      <div className="panel-head">
        <h2 className="file-name" title={path}>
          {path}/
        </h2>
        <span className="muted">
          {t("viewer.files", { n: files.length })}
          {sizes.length ? ` · ${formatBytes(sizes.reduce((sum, size) => sum + size, 0))}` : ""}
        </span>
        <span className="panel-space" />
        <a className="button" href={zipAddress(runId, path)} download>
          <Icon name="download" />
          {t("viewer.zip")}
        </a>
      </div>
      <div className="folder-view">
        {series.length ? (
          <ul className="step-cards">
            {series.slice(0, MOST_KEYS).map(([key, steps]) => (
              <li key={key}>
                <button type="button" className="button-link step-title" title={key} onClick={() => onChoose(steps.at(-1)?.path ?? "")}>
                  {key}
                </button>
                <span className="muted">{t("viewer.steps", { n: steps.length })}</span>
                <Newest runId={runId} steps={steps} onChoose={onChoose} />
              </li>
            ))}
          </ul>
        ) : (
          <table className="table table-tight">
            <thead>
              <tr>
                <th scope="col">{t("column.name")}</th>
                <th scope="col" className="numeric">
                  {t("viewer.bytes")}
                </th>
              </tr>
            </thead>
            <tbody>
              {files.map((file) => (
                <tr key={file.path}>
                  <td>
                    <button type="button" className="button-link" onClick={() => onChoose(file.path)}>
                      {file.path.slice(file.path.lastIndexOf("/") + 1)}
                      {file.is_dir ? "/" : ""}
                    </button>
                  </td>
                  <td className="numeric muted">{file.file_size === undefined ? "" : formatBytes(Number(file.file_size))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {series.length > MOST_KEYS ? <p className="panel-none">{t("viewer.moreMembers", { n: series.length - MOST_KEYS })}</p> : null}
      </div>
    </section>
  );
}

/** All histograms of a key; of other kinds the last file. */
function Newest({ runId, steps, onChoose }: { runId: string; steps: readonly StepFile[]; onChoose: (path: string) => void }) {
  const { t } = useWords();
  const last = steps.at(-1);
  const shown = useMemo(() => thinned(steps, MOST_STEPS), [steps]);
  if (!last) return null;
  switch (kindOf(last.path)) {
    case "histogram":
      return <HistogramView runId={runId} files={shown} name={runId.slice(0, 8)} />;
    case "image":
      return (
        <button type="button" className="step-image" aria-label={t("viewer.openSteps", { key: last.key })} onClick={() => onChoose(last.path)}>
          <img src={artifactAddress(runId, last.path)} alt="" loading="lazy" />
        </button>
      );
    case "audio":
      // oxlint-disable-next-line jsx-a11y/media-has-caption -- what was logged has none
      return <audio controls preload="none" src={artifactAddress(runId, last.path)} aria-label={last.key} />;
    default:
      return null;
  }
}
