import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import { zipAddress } from "../../api/server";
import type { Run } from "../../api/types";
import { fileAddress } from "../../data/filepath";
import { formatBytes } from "../../data/format";
import { useWords } from "../../i18n/language";
import { Empty, Skeleton } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Failure, Region } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { artifactsQuery } from "../queries";
import { ARTIFACT_SNIPPET } from "../snippets";
import { FileView } from "./FileView";
import { FolderView } from "./FolderView";

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
        <Snippets snippets={ARTIFACT_SNIPPET} />
      </Empty>
    );
  }
  return (
    <div className="artifacts">
      <div className="artifact-tree">
        <a className="tree-item tree-all" href={zipAddress(runId, "")} download>
          <Icon name="download" />
          <span className="tree-name">{t("viewer.zipAll")}</span>
        </a>
        <Level runId={runId} path="" depth={0} chosen={path} onChoose={choose} />
      </div>
      <div className="artifact-view">
        {path ? (
          <Region name={path}>
            <Chosen runId={runId} path={path} onChoose={choose} />
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
  const { path, depth, chosen, onChoose } = props;
  const within = chosen === path || chosen.startsWith(`${path}/`);
  const [open, setOpen] = useState(within);
  // What the address leads to is seen in the tree, too.
  useEffect(() => {
    if (within) setOpen(true);
  }, [within]);
  return (
    <li>
      <button
        type="button"
        className="tree-item"
        aria-expanded={open}
        aria-current={path === chosen ? "true" : undefined}
        title={nameOf(path)}
        style={{ paddingInlineStart: indent(depth) }}
        onClick={() => {
          setOpen(!open);
          if (!open) onChoose(path);
        }}
      >
        <Icon name={open ? "chevron" : "right"} />
        <Icon name="folder" />
        <span className="tree-name">{nameOf(path)}</span>
      </button>
      {open ? <Level {...props} depth={depth + 1} /> : null}
    </li>
  );
}

/** The file or folder that the address names, once its folder's list tells what it is. */
function Chosen({ runId, path, onChoose }: { runId: string; path: string; onChoose: (path: string) => void }) {
  const { t } = useWords();
  const list = useQuery(artifactsQuery(runId, path.slice(0, Math.max(0, path.lastIndexOf("/")))));
  const entry = list.data?.files?.find((one) => one.path === path);
  const inside = useQuery({ ...artifactsQuery(runId, path), enabled: entry?.is_dir === true });
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (inside.isError) return <Failure error={inside.error} retry={() => void inside.refetch()} />;
  if (list.isPending) return <Skeleton lines={6} />;
  if (!entry) return <p className="panel-none">{t("artifacts.gone", { path })}</p>;
  if (!entry.is_dir) return <FileView runId={runId} file={entry} beside={list.data.files ?? []} />;
  if (!inside.data) return <Skeleton lines={6} />;
  return <FolderView runId={runId} path={path} files={inside.data.files ?? []} onChoose={onChoose} />;
}
