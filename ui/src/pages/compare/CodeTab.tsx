import { useQueries } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { diffRow, packageRows, readPackages, type DiffRow } from "../../data/difference";
import { diffLines, withContext } from "../../data/linediff";
import { useWords } from "../../i18n/language";
import { Panel } from "../run/Panel";
import { runName } from "../charts/model";
import { gather } from "../charts/queries";
import { sourceQuery } from "./queries";
import type { Compared } from "./compared";

const CONTEXT = 3;
const TAGS: readonly (readonly [string, "fact.source" | "fact.commit" | "fact.branch"])[] = [
  ["mlflow.source.name", "fact.source"],
  ["mlflow.source.git.commit", "fact.commit"],
  ["mlflow.source.git.branch", "fact.branch"],
];

/** Commits, uncommitted changes and packages of the runs. */
export function CodeTab({ runs, base, all }: Compared) {
  const { t } = useWords();
  const packages = useQueries({ queries: runs.map((run) => sourceQuery(run.info.run_id, "packages.txt")), combine: gather });
  const patches = useQueries({ queries: runs.map((run) => sourceQuery(run.info.run_id, "changes.diff")), combine: gather });
  const names = runs.map((run) => runName(run.info));
  const commits = TAGS.map(([tag, word]) =>
    diffRow(
      t(word),
      runs.map((run) => run.data?.tags?.find((one) => one.key === tag)?.value ?? null),
    ),
  );
  const rows = useMemo(
    () => packageRows(packages.answers.map((text) => (typeof text === "string" ? readPackages(text) : null))),
    [packages.answers],
  );
  const known = packages.answers.some((text) => typeof text === "string");
  return (
    <div className="compare-code">
      <Panel title={t("compare.commit")}>
        <DiffTable rows={commits} names={names} base={base} label={t("compare.commit")} />
      </Panel>
      <Changes names={names} base={base} texts={patches.answers} pending={patches.pending} />
      <Panel title={t("compare.packages")} count={rows.filter((row) => !row.same).length}>
        {known && (all || rows.some((row) => !row.same)) ? (
          <DiffTable rows={all ? rows : rows.filter((row) => !row.same)} names={names} base={base} label={t("compare.packages")} />
        ) : known ? null : (
          <p className="panel-none">{packages.pending ? t("loading") : t("compare.noPackages")}</p>
        )}
        {known && !all ? <p className="panel-none">{t("compare.equal", { n: rows.filter((row) => row.same).length })}</p> : null}
      </Panel>
    </div>
  );
}

function DiffTable({ rows, names, base, label }: { rows: readonly DiffRow[]; names: readonly string[]; base: number; label: string }) {
  const { t } = useWords();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="compare-scroll" tabIndex={0} role="group" aria-label={label}>
      <table className="compare-table">
        <thead>
          <tr>
            <th scope="col">{t("compare.key")}</th>
            {names.map((name, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- in the order of the runs
              <th key={index} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.key}</th>
              {row.texts.map((text, index) => (
                // oxlint-disable-next-line react/no-array-index-key -- in the order of the runs
                <td key={index} className={text !== row.texts[base] ? "compare-differs" : undefined} title={text ?? undefined}>
                  <span className="compare-text">{text ?? "–"}</span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ChangesProps {
  names: readonly string[];
  base: number;
  /** Null: the run kept none; undefined: not here yet. */
  texts: readonly (string | null | undefined)[];
  pending: boolean;
}

/** Uncommitted changes of one run against the baseline's, line by line. */
function Changes({ names, base, texts, pending }: ChangesProps) {
  const { t } = useWords();
  const others = names.map((_name, index) => index).filter((index) => index !== base);
  const [own, setOwn] = useState<number | null>(null);
  const other = own !== null && others.includes(own) ? own : (others[0] ?? base);
  const [before, after] = [texts[base] ?? "", texts[other] ?? ""];
  const lines = useMemo(() => withContext(diffLines(before, after), CONTEXT), [before, after]);
  const none = !texts.some((text) => text);
  return (
    <Panel
      title={t("compare.changes")}
      tools={
        others.length > 1 ? (
          <select className="select" aria-label={t("compare.with")} value={other} onChange={(event) => setOwn(Number(event.target.value))}>
            {others.map((index) => (
              <option key={index} value={index}>
                {names[index]}
              </option>
            ))}
          </select>
        ) : null
      }
    >
      {none ? (
        <p className="panel-none">{pending ? t("loading") : t("compare.noChanges")}</p>
      ) : before === after ? (
        <p className="panel-none">{t("compare.sameChanges")}</p>
      ) : (
        <>
          <p className="panel-none">{t("compare.changesOf", { base: names[base] ?? "", name: names[other] ?? "" })}</p>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys */}
          <pre className="diff" tabIndex={0} aria-label={t("compare.changes")}>
            {lines.map((line, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- lines stand in their order
              <span key={index} className={line.mark === "-" ? "diff-gone" : line.mark === "+" ? "diff-new" : "diff-same"}>
                {line.mark === "…" ? `… ${t("compare.lines", { n: line.count ?? 0 })}` : `${line.mark === "=" ? " " : line.mark} ${line.text}`}
                {"\n"}
              </span>
            ))}
          </pre>
        </>
      )}
    </Panel>
  );
}
