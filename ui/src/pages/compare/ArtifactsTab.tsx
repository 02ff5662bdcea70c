import { useQueries } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { ArtifactEntry } from "../../api/types";
import { Swatch } from "../../charts/Swatch";
import { strokeOf, useColors } from "../../charts/useColors";
import { formatBytes } from "../../data/format";
import { useWords } from "../../i18n/language";
import { Skeleton } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { runName } from "../charts/model";
import { filesQuery, gather } from "../charts/queries";
import { Preview } from "../run/Preview";
import type { Compared } from "./compared";

interface Row {
  path: string;
  name: string;
  folder: boolean;
  entries: readonly (ArtifactEntry | null)[];
  /** Whether all runs have it with the same bytes; null where that is not known. */
  same: boolean | null;
}

/** The files of all runs in one tree, a column per run; a chosen file is shown of each beside the other. */
export function ArtifactsTab({ runs, styleOf }: Compared) {
  const { t } = useWords();
  const colors = useColors();
  const [folder, setFolder] = useState("");
  const [file, setFile] = useState<string | null>(null);
  const { answers, pending } = useQueries({ queries: runs.map((run) => filesQuery(run.info.run_id, folder)), combine: gather });
  const rows = useMemo(() => rowsOf(answers.map((files) => files ?? [])), [answers]);
  const parent = folder.includes("/") ? folder.slice(0, folder.lastIndexOf("/")) : "";
  const chosen = rows.find((row) => row.path === file);
  if (pending && rows.length === 0) return <Skeleton lines={8} />;
  return (
    <div className="compare-artifacts">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys */}
      <div className="compare-frame" tabIndex={0} role="region" aria-label={t("run.tab.artifacts")}>
        <table className="compare-table">
          <thead>
            <tr>
              <th scope="col">
                <code>/{folder}</code>
              </th>
              {runs.map((run) => (
                <th key={run.info.run_id} scope="col">
                  <span className="compare-run">
                    <Swatch stroke={strokeOf(styleOf(run.info.run_id), colors)} />
                    <span>{runName(run.info)}</span>
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {folder ? (
              <tr>
                <th scope="row" colSpan={runs.length + 1}>
                  <button type="button" className="tree-item" onClick={() => setFolder(parent)}>
                    <Icon name="up" />
                    <span className="tree-name">..</span>
                  </button>
                </th>
              </tr>
            ) : null}
            {rows.map((row) => (
              <tr key={row.path}>
                <th scope="row">
                  <button
                    type="button"
                    className="tree-item"
                    aria-current={row.path === file ? "true" : undefined}
                    onClick={() => (row.folder ? setFolder(row.path) : setFile(row.path))}
                  >
                    <Icon name={row.folder ? "folder" : "file"} />
                    <span className="tree-name">{row.name}</span>
                    {row.same === null ? null : (
                      <span className={row.same ? "muted" : "tone-warn"} title={t(row.same ? "compare.sameFile" : "compare.otherFile")}>
                        {row.same ? "≡" : "≠"}
                        <span className="hidden-text">{t(row.same ? "compare.sameFile" : "compare.otherFile")}</span>
                      </span>
                    )}
                  </button>
                </th>
                {row.entries.map((entry, index) => (
                  // oxlint-disable-next-line react/no-array-index-key -- in the order of the runs
                  <td key={index} className={entry ? undefined : "muted"}>
                    {entry ? (entry.is_dir ? "✓" : formatBytes(sizeOf(entry))) : "–"}
                  </td>
                ))}
              </tr>
            ))}
            {rows.length === 0 ? (
              <tr>
                <td colSpan={runs.length + 1} className="muted">
                  {t("compare.noFiles")}
                </td>
              </tr>
            ) : null}
          </tbody>
        </table>
      </div>
      {chosen ? (
        <div className="compare-files">
          {runs.map((run, index) => {
            const entry = chosen.entries[index];
            return (
              <section key={run.info.run_id} className="panel" aria-label={runName(run.info)}>
                <div className="panel-head">
                  <Swatch stroke={strokeOf(styleOf(run.info.run_id), colors)} />
                  <h2>{runName(run.info)}</h2>
                </div>
                {entry ? (
                  <Preview runId={run.info.run_id} path={chosen.path} size={sizeOf(entry)} />
                ) : (
                  <p className="panel-none">{t("artifacts.gone", { path: chosen.path })}</p>
                )}
              </section>
            );
          })}
        </div>
      ) : null}
    </div>
  );
}

/** Both of the server's calls that list files are understood. */
const sizeOf = (entry: ArtifactEntry) => Number(entry.size ?? entry.file_size ?? 0);

function rowsOf(lists: readonly (readonly ArtifactEntry[])[]): Row[] {
  const paths = [...new Set(lists.flatMap((files) => files.map((entry) => entry.path)))];
  const rows = paths.map((path): Row => {
    const entries = lists.map((files) => files.find((entry) => entry.path === path) ?? null);
    const folder = entries.some((entry) => entry?.is_dir);
    return { path, name: path.slice(path.lastIndexOf("/") + 1), folder, entries, same: folder ? null : sameBytes(entries) };
  });
  return rows.toSorted((a, b) => Number(b.folder) - Number(a.folder) || a.path.localeCompare(b.path));
}

function sameBytes(entries: readonly (ArtifactEntry | null)[]): boolean | null {
  const [first] = entries;
  if (entries.length < 2 || !first || entries.some((entry) => entry === null)) return entries.length < 2 ? null : false;
  if (entries.some((entry) => entry && sizeOf(entry) !== sizeOf(first))) return false;
  return entries.every((entry) => entry?.sha256) ? entries.every((entry) => entry?.sha256 === first.sha256) : null;
}
