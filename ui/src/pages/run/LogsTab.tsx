import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import type { Run } from "../../api/types";
import { lastParts, lineFinder } from "../../data/logparts";
import { piecesOf, shownLines, withoutCodes } from "../../data/terminal";
import { useWords } from "../../i18n/language";
import { Empty, Skeleton } from "../../parts/Empty";
import { Failure } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { gather } from "../charts/queries";
import { CONSOLE_SNIPPET } from "../snippets";
import { Panel } from "./Panel";
import { folderQuery, partQuery } from "./runqueries";
import "./logs.css";

const CONSOLE = "clew/console";
const ERRORS = "clew/error";
const FIRST_BYTES = 1_000_000;
const BLOCK = 200;
const LINE_PX = 18;
/** So near to the end, new lines are followed. */
const NEAR_PX = 24;

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** What the run's processes printed, and the tracebacks of its failures. */
export function LogsTab({ run }: { run: Run }) {
  const { t } = useWords();
  const runId = run.info.run_id;
  const running = run.info.status === "RUNNING";
  const processes = useQuery(folderQuery(runId, CONSOLE, running));
  const errors = useQuery(folderQuery(runId, ERRORS, running));
  if (processes.isError) return <Failure error={processes.error} retry={() => void processes.refetch()} />;
  if (errors.isError) return <Failure error={errors.error} retry={() => void errors.refetch()} />;
  if (processes.isPending || errors.isPending) return <Skeleton lines={8} />;
  const names = processes.data.filter((entry) => entry.is_dir).map((entry) => nameOf(entry.path));
  return (
    <div className="logs">
      {errors.data.map((file) => (
        <Traceback key={file.path} runId={runId} path={file.path} />
      ))}
      {names.length ? (
        <Console runId={runId} names={names} running={running} />
      ) : (
        <Empty icon="file" title={t("logs.none")}>
          <p>{t("logs.none.help")}</p>
          <Snippets snippets={CONSOLE_SNIPPET} />
        </Empty>
      )}
    </div>
  );
}

function Traceback({ runId, path }: { runId: string; path: string }) {
  const { t } = useWords();
  const text = useQuery(partQuery(runId, path));
  return (
    <Panel title={t("logs.error", { process: nameOf(path).split("+", 1)[0] ?? "" })}>
      {text.isError ? <Failure error={text.error} retry={() => void text.refetch()} /> : null}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys */}
      <pre className="traceback" tabIndex={0}>
        {withoutCodes(text.data ?? "")}
      </pre>
    </Panel>
  );
}

function Console({ runId, names, running }: { runId: string; names: readonly string[]; running: boolean }) {
  const { t } = useWords();
  const [address, navigate] = useLocation();
  const query = useSearch();
  const asked = new URLSearchParams(query);
  const process = names.find((name) => name === asked.get("process")) ?? names[0] ?? "";
  const [search, setSearch] = useState(asked.get("find") ?? "");
  const [bytes, setBytes] = useState(FIRST_BYTES);
  const files = useQuery(folderQuery(runId, `${CONSOLE}/${process}`, running));
  const { parts, earlier } = useMemo(() => lastParts(files.data ?? [], bytes), [files.data, bytes]);
  const { answers, pending } = useQueries({ queries: parts.map((part) => partQuery(runId, part.path)), combine: gather });
  const lines = useMemo(() => shownLines(answers.map((text) => text ?? "").join("")), [answers]);
  const found = useMemo(() => {
    const fits = lineFinder(search);
    return lines.flatMap((line, index) => (fits(withoutCodes(line)) ? [{ line, number: index + 1 }] : []));
  }, [lines, search]);
  const show = (next: { process?: string; find?: string }) => {
    const shown = { process, find: search, ...next };
    const written = new URLSearchParams();
    if (shown.process !== names[0]) written.set("process", shown.process);
    if (shown.find) written.set("find", shown.find);
    navigate(`${address}${written.size ? `?${written}` : ""}`, { replace: true });
  };
  if (files.isError) return <Failure error={files.error} retry={() => void files.refetch()} />;
  return (
    <section className="panel console" aria-label={t("logs.console")}>
      <div className="panel-head">
        <h2>{t("logs.console")}</h2>
        <select className="select console-select" aria-label={t("logs.process")} value={process} onChange={(event) => show({ process: event.target.value })}>
          {names.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <span className="muted">{t("logs.lines", { n: found.length })}</span>
        <span className="panel-space" />
        <input
          type="search"
          className="panel-search"
          aria-label={t("logs.find")}
          placeholder={t("logs.find")}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          onBlur={() => show({})}
        />
      </div>
      {earlier > 0 ? (
        <p className="viewer-note">
          {t("logs.earlier", { n: earlier })}
          <button type="button" className="button-link" onClick={() => setBytes(4 * bytes)}>
            {t("logs.showEarlier")}
          </button>
        </p>
      ) : null}
      {pending && lines.length === 0 ? <Skeleton lines={8} /> : <LogLines lines={found} label={t("logs.console")} follow={running} />}
    </section>
  );
}

/** Lines that stay at their end while they grow, until the reader scrolls up. */
function LogLines({ lines, label, follow }: { lines: readonly { line: string; number: number }[]; label: string; follow: boolean }) {
  const { t } = useWords();
  const root = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState(0);
  const toEnd = () => root.current?.scrollTo({ top: root.current.scrollHeight });
  useEffect(() => {
    if (!atEnd) return;
    toEnd();
    setSeen(lines.length);
  }, [lines, atEnd]);
  const blocks = useMemo(() => Array.from({ length: Math.ceil(lines.length / BLOCK) }, (_, index) => lines.slice(index * BLOCK, (index + 1) * BLOCK)), [lines]);
  const fresh = lines.length - seen;
  return (
    <div className="log-frame">
      <div
        className="log-lines"
        ref={root}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
        tabIndex={0}
        role="group"
        aria-label={label}
        onScroll={(event) => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR_PX);
        }}
      >
        {blocks.map((block, number) => (
          // oxlint-disable-next-line react/no-array-index-key -- blocks stand in their order
          <div key={number} className="lines-block" style={{ containIntrinsicBlockSize: `auto ${block.length * LINE_PX}px` }}>
            {block.map((one) => (
              <div key={one.number} className="log-line">
                <span className="log-number" data-line={one.number} />
                <code>
                  {piecesOf(one.line).map((piece, index) => (
                    // oxlint-disable-next-line react/no-array-index-key -- pieces stand in their order
                    <span key={index} className={`${piece.color === null ? "" : `ansi-${piece.color % 8}`}${piece.bold ? " ansi-bold" : ""}`}>
                      {piece.text}
                    </span>
                  ))}
                </code>
              </div>
            ))}
          </div>
        ))}
      </div>
      {atEnd ? null : (
        <button
          type="button"
          className="button log-end"
          onClick={() => {
            setAtEnd(true);
            toEnd();
          }}
        >
          {follow && fresh > 0 ? t("logs.newLines", { n: fresh }) : t("logs.toEnd")}
        </button>
      )}
    </div>
  );
}
