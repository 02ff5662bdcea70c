import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { artifactAddress } from "../../api/server";
import type { ArtifactEntry, Run } from "../../api/types";
import { fileAddress } from "../../data/filepath";
import { formatBytes } from "../../data/format";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Empty, Skeleton } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Failure, Region } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { artifactsQuery } from "../queries";
import { ARTIFACT_SNIPPET } from "../snippets";
import { Preview } from "./Preview";

/** The files of a run: a tree that asks for one level at a time, and the file that the address names. */
export function ArtifactsTab({ run, path }: { run: Run; path: string }) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const runId = run.info.run_id;
  const choose = (file: string) => navigate(fileAddress(runId, file));
  const root = useQuery(artifactsQuery(runId, ""));
  if (root.isError) return <Failure error={root.error} retry={() => void root.refetch()} />;
  if (root.isPending) return <Skeleton lines={6} />;
  if (!root.data.files?.length) {
    return (
      <Empty icon="file" title={t("artifacts.none")}>
        {run.outputs?.model_outputs?.length ? (
          <p>
            {t("artifacts.modelsApart")} <Link href={`/runs/${runId}`}>{t("run.tab.overview")}</Link>
          </p>
        ) : null}
        <Snippets snippets={ARTIFACT_SNIPPET} />
      </Empty>
    );
  }
  return (
    <div className="artifacts">
      <div className="artifact-tree">
        <Level runId={runId} path="" depth={0} chosen={path} onChoose={choose} />
      </div>
      <div className="artifact-view">
        {path ? (
          <Region name={path}>
            <ChosenFile key={path} runId={runId} path={path} />
          </Region>
        ) : (
          <p className="panel-none">{t("artifacts.choose")}</p>
        )}
      </div>
    </div>
  );
}

interface LevelProps {
  runId: string;
  path: string;
  depth: number;
  chosen: string;
  onChoose: (path: string) => void;
}

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

function Level({ runId, path, depth, chosen, onChoose }: LevelProps) {
  const { t } = useWords();
  const list = useQuery(artifactsQuery(runId, path));
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.isPending) return <p className="tree-wait muted">{t("loading")}</p>;
  const files = (list.data.files ?? []).toSorted(
    (a, b) => Number(b.is_dir ?? false) - Number(a.is_dir ?? false) || (a.path < b.path ? -1 : 1),
  );
  return (
    <ul aria-label={path || t("run.tab.artifacts")}>
      {files.map((file) =>
        file.is_dir ? (
          <FolderItem key={file.path} runId={runId} path={file.path} depth={depth} chosen={chosen} onChoose={onChoose} />
        ) : (
          <li key={file.path}>
            <button
              type="button"
              className="tree-item"
              aria-current={file.path === chosen ? "true" : undefined}
              style={{ paddingInlineStart: indent(depth) + 18 }}
              title={nameOf(file.path)}
              onClick={() => onChoose(file.path)}
            >
              <Icon name="file" />
              <span className="tree-name">{nameOf(file.path)}</span>
              <span className="muted">{file.file_size === undefined ? "" : formatBytes(Number(file.file_size))}</span>
            </button>
          </li>
        ),
      )}
    </ul>
  );
}

const indent = (depth: number) => 8 + 16 * depth;

function FolderItem(props: LevelProps) {
  const { path, depth, chosen } = props;
  const [open, setOpen] = useState(() => chosen.startsWith(`${path}/`));
  return (
    <li>
      <button
        type="button"
        className="tree-item"
        aria-expanded={open}
        title={nameOf(path)}
        style={{ paddingInlineStart: indent(depth) }}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? "chevron" : "right"} />
        <Icon name="folder" />
        <span className="tree-name">{nameOf(path)}</span>
      </button>
      {open ? <Level {...props} depth={depth + 1} /> : null}
    </li>
  );
}

/** The file that the address names, once its folder's list tells its size. */
function ChosenFile({ runId, path }: { runId: string; path: string }) {
  const { t } = useWords();
  const list = useQuery(artifactsQuery(runId, path.slice(0, Math.max(0, path.lastIndexOf("/")))));
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.isPending) return <Skeleton lines={6} />;
  const file = list.data.files?.find((one) => one.path === path && !one.is_dir);
  if (!file) return <p className="panel-none">{t("artifacts.gone", { path })}</p>;
  return <FileView runId={runId} file={file} />;
}

function FileView({ runId, file }: { runId: string; file: ArtifactEntry }) {
  const { t } = useWords();
  const size = file.file_size === undefined ? undefined : Number(file.file_size);
  return (
    <section className="file-view" aria-label={file.path}>
      <div className="panel-head">
        <h2 className="file-name" title={file.path}>
          {file.path}
        </h2>
        <span className="muted">{size === undefined ? "" : formatBytes(size)}</span>
        <span className="panel-space" />
        <CopyButton small text={`runs:/${runId}/${file.path}`} label={t("artifacts.copyUri")} />
        <a className="button" href={artifactAddress(runId, file.path)} download={nameOf(file.path)}>
          <Icon name="download" />
          {t("artifacts.download")}
        </a>
      </div>
      <Preview runId={runId} path={file.path} size={size} />
    </section>
  );
}
