import { useEffect, useMemo, useState } from "react";
import { artifactAddress, viewAddress } from "../../api/server";
import { languageOf } from "../../data/codecolor";
import { readDelimited, readJsonLines, tableOf } from "../../data/delimited";
import { kindOf, type FileKind } from "../../data/filekind";
import type { LineRange } from "../../data/linerange";
import { readStepFile } from "../../data/media";
import { useWords, type MessageKey } from "../../i18n/language";
import { DataGrid } from "./viewers/DataGrid";
import { DiffText } from "./viewers/DiffText";
import { HistogramView } from "./viewers/HistogramView";
import { ImageView } from "./viewers/ImageView";
import { JsonTree } from "./viewers/JsonTree";
import { Lines } from "./viewers/Lines";
import { MarkdownText } from "./viewers/MarkdownText";
import { NotebookView } from "./viewers/NotebookView";
import { PdfView } from "./viewers/PdfView";
import { TextFile } from "./viewers/TextFile";
import { FIRST_BYTES, MOST_BYTES } from "./viewers/useText";
import "./viewers/viewers.css";

const IMAGE_LIMIT = 50_000_000;
const PAGE_LIMIT = 20_000_000;
const MOST_ROWS = 10_000;

/** The ways of showing a file, the best one first; "text" shows it as it is written. */
export type Way = "text" | "table" | "tree" | "read" | "image" | "page" | "play" | "chart" | "diff" | "pdf";
const WAYS: Record<FileKind, readonly Way[]> = {
  text: ["text"],
  json: ["tree", "table", "text"],
  lines: ["table", "text"],
  csv: ["table", "text"],
  tsv: ["table", "text"],
  markdown: ["read", "text"],
  image: ["image"],
  page: ["page", "text"],
  audio: ["play"],
  video: ["play"],
  pdf: ["pdf"],
  notebook: ["read", "text"],
  histogram: ["chart", "tree", "text"],
  diff: ["diff", "text"],
  other: [],
};
const WORDS: Record<Way, MessageKey> = {
  text: "viewer.text",
  table: "viewer.table",
  tree: "viewer.tree",
  read: "viewer.read",
  image: "viewer.image",
  page: "viewer.page",
  play: "viewer.play",
  chart: "viewer.chart",
  diff: "viewer.diff",
  pdf: "viewer.page",
};

interface PreviewProps {
  runId: string;
  path: string;
  size: number | undefined;
  /** How the address says to show it. */
  way?: string | null;
  onWay?: (way: Way) => void;
  range?: LineRange | null;
  onRange?: (range: LineRange) => void;
}

/** What a file holds, as far as it can be shown. Nothing of a file is ever run, or laid into the page as HTML. */
export function Preview({ way: wish, onWay, ...file }: PreviewProps) {
  const { t } = useWords();
  const [own, setOwn] = useState<Way | null>(null);
  const [wrap, setWrap] = useState(false);
  // That a file of JSON is a logged table is known once it has been read.
  const [found, setFound] = useState<{ path: string; way: Way } | null>(null);
  const kind = kindOf(file.path);
  const ways = kind === "image" && /\.svg$/i.test(file.path) ? (["image", "text"] as const) : WAYS[kind];
  const chosen = onWay ? wish : own;
  const way = ways.find((one) => one === chosen) ?? (file.range && ways.includes("text") ? "text" : found?.path === file.path ? found.way : ways[0]);
  if (file.size === 0) return <p className="panel-none">{t("artifacts.empty")}</p>;
  if (ways.length === 0) return <p className="panel-none">{t("artifacts.noPreview")}</p>;
  const choose = (next: Way) => (onWay ? onWay(next) : setOwn(next));
  return (
    <div className="viewer">
      {ways.length > 1 || ways[0] === "text" ? (
        <div className="viewer-tools">
          {ways.length > 1 ? (
            <div className="segments" role="group" aria-label={t("viewer.as")}>
              {ways.map((one) => (
                <button type="button" key={one} aria-pressed={one === way} onClick={() => choose(one)}>
                  {t(WORDS[one])}
                </button>
              ))}
            </div>
          ) : null}
          {way === "text" ? (
            <label className="check">
              <input type="checkbox" checked={wrap} onChange={(event) => setWrap(event.target.checked)} />
              {t("viewer.wrap")}
            </label>
          ) : null}
        </div>
      ) : null}
      <Body {...file} kind={kind} way={way} wrap={wrap} onTable={chosen ? noTable : () => setFound({ path: file.path, way: "table" })} />
    </div>
  );
}

const noTable = () => {};

interface BodyProps extends Omit<PreviewProps, "way" | "onWay"> {
  /** Called where a tree turns out to be a logged table. */
  onTable: () => void;
  kind: FileKind;
  way: Way | undefined;
  wrap: boolean;
}

function Body(props: BodyProps) {
  const { t } = useWords();
  const { runId, path, size, kind, way, wrap, range, onRange, onTable } = props;
  const file = { runId, path, size };
  switch (way) {
    case "image":
      return size !== undefined && size > IMAGE_LIMIT ? <p className="panel-none">{t("viewer.tooLarge")}</p> : <ImageView runId={runId} path={path} alt={path} />;
    case "page":
      return <Framed {...file} />;
    case "pdf":
      return <PdfView {...file} />;
    case "play":
      return <Player {...file} kind={kind} />;
    case "chart": {
      const step = readStepFile(path);
      return step ? <HistogramView runId={runId} files={[step]} name={path} /> : <p className="panel-none">{t("viewer.unreadable")}</p>;
    }
    case "table":
    case "tree":
      return (
        <TextFile {...file} first={kind === "json" || kind === "histogram" ? MOST_BYTES : 4 * FIRST_BYTES}>
          {(text, whole) => <Values {...file} text={text} whole={whole} kind={kind} way={way} onTable={onTable} />}
        </TextFile>
      );
    case "read":
      return (
        <TextFile {...file} first={kind === "notebook" ? MOST_BYTES : FIRST_BYTES}>
          {(text) =>
            kind === "notebook" ? (
              <NotebookView runId={runId} path={path} text={text} />
            ) : (
              // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
              <div className="viewer-page" tabIndex={0} role="group" aria-label={path}>
                <MarkdownText runId={runId} path={path} text={text} />
              </div>
            )
          }
        </TextFile>
      );
    case "diff":
      return (
        <TextFile {...file} first={4 * FIRST_BYTES}>
          {(text) => (
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
            <div className="viewer-page" tabIndex={0} role="group" aria-label={path}>
              <DiffText text={text} />
            </div>
          )}
        </TextFile>
      );
    default:
      return (
        <TextFile {...file}>
          {(text) => <Lines text={text} label={path} wrap={wrap} language={languageOf(path)} range={range ?? null} {...(onRange ? { onRange } : {})} />}
        </TextFile>
      );
  }
}

interface FileProps {
  runId: string;
  path: string;
  size: number | undefined;
}

interface ValuesProps extends FileProps {
  text: string;
  whole: boolean;
  kind: FileKind;
  way: "table" | "tree";
  onTable: () => void;
}

/** Values of a file, as rows or as a tree. */
function Values({ runId, path, text, whole, kind, way, onTable }: ValuesProps) {
  const { t } = useWords();
  const value = useMemo<unknown>(() => {
    if (kind === "csv" || kind === "tsv") return undefined;
    if (kind === "lines") return readJsonLines(text);
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }, [text, kind]);
  const table = useMemo(() => {
    if (way !== "table") return null;
    if (kind === "csv" || kind === "tsv") return readDelimited(text, kind === "tsv" ? "\t" : ",", MOST_ROWS, whole);
    const found = tableOf(value, MOST_ROWS);
    return found && !whole ? { ...found, cut: true } : found;
  }, [text, kind, way, whole, value]);
  const logged = way === "tree" && kind === "json" && !Array.isArray(value) && tableOf(value, 1) !== null;
  useEffect(() => {
    if (logged) onTable();
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once for a file
  }, [logged]);
  if (way === "tree") {
    if (value !== undefined) return <JsonTree value={value} label={path} />;
    return <p className="panel-none">{t(whole ? "viewer.unreadable" : "viewer.tooLarge")}</p>;
  }
  return table ? <DataGrid runId={runId} table={table} label={path} /> : <p className="panel-none">{t("viewer.noTable")}</p>;
}

/** A web page in a sandbox: it has no scripts, no origin of ours, and cannot leave its frame. */
function Framed({ runId, path, size }: FileProps) {
  const { t } = useWords();
  if (size !== undefined && size > PAGE_LIMIT) return <p className="panel-none">{t("viewer.tooLarge")}</p>;
  return (
    <>
      <p className="viewer-note">{t("viewer.untrusted")}</p>
      <iframe className="viewer-frame" sandbox="" referrerPolicy="no-referrer" title={path} src={viewAddress(runId, path)} />
    </>
  );
}

function Player({ runId, path, kind }: FileProps & { kind: FileKind }) {
  const { t } = useWords();
  const [failed, setFailed] = useState(false);
  if (failed) return <p className="panel-none">{t("viewer.cannotPlay")}</p>;
  const source = artifactAddress(runId, path);
  return (
    <div className="viewer-player">
      {kind === "audio" ? (
        // oxlint-disable-next-line jsx-a11y/media-has-caption -- what was logged has none
        <audio controls preload="metadata" src={source} aria-label={path} onError={() => setFailed(true)} />
      ) : (
        // oxlint-disable-next-line jsx-a11y/media-has-caption -- what was logged has none
        <video controls preload="metadata" src={source} aria-label={path} onError={() => setFailed(true)} />
      )}
    </div>
  );
}
