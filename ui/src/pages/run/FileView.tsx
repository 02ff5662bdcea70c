import { useEffect, useMemo, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useLocationProperty } from "wouter/use-browser-location";
import { artifactAddress } from "../../api/server";
import type { ArtifactEntry } from "../../api/types";
import { fileAddress } from "../../data/filepath";
import { formatBytes, formatTime } from "../../data/format";
import { readLines, writeLines, type LineRange } from "../../data/linerange";
import { byKey, readStepFile, type StepFile } from "../../data/media";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Icon } from "../../parts/Icon";
import { Preview } from "./Preview";

const SETTLED_MS = 300;

interface FileViewProps {
  runId: string;
  file: ArtifactEntry;
  /** All entries of its folder. */
  beside: readonly ArtifactEntry[];
}

/** A file with its size and ways to take it along. One of a key over steps has a slider through all of them. */
export function FileView({ runId, file, beside }: FileViewProps) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const query = useSearch();
  const hash = useLocationProperty(() => location.hash);
  const range = useMemo(() => readLines(hash), [hash]);
  const [path, setPath] = useState(file.path);
  useEffect(() => setPath(file.path), [file.path]);
  // Browsers refuse a new address at each move of a slider.
  useEffect(() => {
    if (path === file.path) return;
    const timer = setTimeout(() => navigate(fileAddress(runId, path), { replace: true }), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [path, file.path, runId, navigate]);
  const steps = useMemo(() => byKey(beside).get(readStepFile(file.path)?.key ?? "") ?? [], [beside, file.path]);
  const shown = path === file.path ? file : (beside.find((entry) => entry.path === path) ?? file);
  const size = shown.file_size === undefined ? undefined : Number(shown.file_size);
  const show = (way: string | null, lines: LineRange | null) =>
    navigate(`${fileAddress(runId, file.path)}${way ? `?as=${way}` : ""}${lines ? writeLines(lines) : ""}`, { replace: true });
  const way = new URLSearchParams(query).get("as");
  return (
    <section className="file-view" aria-label={path}>
      <div className="panel-head">
        <h2 className="file-name" title={path}>
          {path}
        </h2>
        <span className="muted">{size === undefined ? "" : formatBytes(size)}</span>
        <span className="panel-space" />
        <CopyButton small text={`runs:/${runId}/${path}`} label={t("artifacts.copyUri")} />
        <a className="button" href={artifactAddress(runId, path)} download={path.slice(path.lastIndexOf("/") + 1)}>
          <Icon name="download" />
          {t("artifacts.download")}
        </a>
      </div>
      {steps.length > 1 ? <StepSlider steps={steps} path={path} onPath={setPath} /> : null}
      <Preview
        runId={runId}
        path={path}
        size={size}
        way={way}
        onWay={(next) => show(next, null)}
        range={range}
        onRange={(lines) => show(way, lines)}
      />
    </section>
  );
}

function StepSlider({ steps, path, onPath }: { steps: readonly StepFile[]; path: string; onPath: (path: string) => void }) {
  const { t, language } = useWords();
  const index = Math.max(0, steps.findIndex((file) => file.path === path));
  const file = steps[index];
  const go = (to: number) => onPath(steps[to]?.path ?? path);
  return (
    <div className="viewer-tools">
      <label className="range step-range">
        {t("column.step")}
        <input
          type="range"
          min={0}
          max={steps.length - 1}
          value={index}
          aria-valuetext={t("metrics.atStep", { step: file?.step ?? 0 })}
          onChange={(event) => go(Number(event.target.value))}
        />
      </label>
      <button type="button" className="icon-button" aria-label={t("viewer.stepBefore")} title={t("viewer.stepBefore")} disabled={index === 0} onClick={() => go(index - 1)}>
        <Icon name="left" />
      </button>
      <output>{t("viewer.stepOf", { step: file?.step ?? 0, n: index + 1, all: steps.length })}</output>
      <button
        type="button"
        className="icon-button"
        aria-label={t("viewer.stepAfter")}
        title={t("viewer.stepAfter")}
        disabled={index >= steps.length - 1}
        onClick={() => go(index + 1)}
      >
        <Icon name="right" />
      </button>
      <span className="muted viewer-size">{file ? formatTime(file.timestamp, language) : ""}</span>
    </div>
  );
}
