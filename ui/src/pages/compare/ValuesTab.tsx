import { Fragment, useMemo, useState } from "react";
import { Swatch } from "../../charts/Swatch";
import { strokeOf, useColors } from "../../charts/useColors";
import { bestOf, differences, formatChange, type DiffPart, type DiffRow } from "../../data/difference";
import { formatDuration, formatNumber, formatParam } from "../../data/format";
import { STATUS } from "../../parts/Status";
import { useWords, type MessageKey, type Words } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { runName } from "../charts/model";
import type { Compared } from "./compared";

const PART_WORDS: Record<DiffPart, MessageKey> = {
  attributes: "section.attributes",
  datasets: "section.datasets",
  params: "section.params",
  metrics: "section.metrics",
  system: "section.system",
  tags: "section.tags",
};
const ATTRIBUTE_WORDS: Record<string, MessageKey> = {
  status: "column.status",
  user_id: "column.user",
  start_time: "column.started",
  duration: "column.duration",
  source: "fact.source",
  commit: "fact.commit",
  branch: "fact.branch",
};
const CLOSED_AT_FIRST: readonly DiffPart[] = ["system"];

/** All keys of the runs, row by row, with what differs from the baseline marked. */
export function ValuesTab({ runs, base, styleOf, all, rising }: Compared) {
  const words = useWords();
  const { t } = words;
  const colors = useColors();
  const sections = useMemo(() => differences(runs), [runs]);
  const [toggled, setToggled] = useState<ReadonlySet<DiffPart>>(new Set());
  const toggle = (part: DiffPart) => setToggled((was) => (was.has(part) ? new Set([...was].filter((other) => other !== part)) : new Set([...was, part])));
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="compare-frame" tabIndex={0} role="region" aria-label={t("compare.values")}>
      <table className="compare-table">
        <thead>
          <tr>
            <th scope="col">{t("compare.key")}</th>
            {runs.map((run, index) => (
              <th key={run.info.run_id} scope="col">
                <span className="compare-run">
                  <Swatch stroke={strokeOf(styleOf(run.info.run_id), colors)} />
                  <span title={runName(run.info)}>{runName(run.info)}</span>
                  {index === base ? <span className="legend-base">{t("legend.baseline")}</span> : null}
                </span>
              </th>
            ))}
            <th scope="col">{t("compare.spread")}</th>
          </tr>
        </thead>
        {sections.map(({ part, rows, differing }) => {
          const nothing = !all && differing === 0;
          const open = CLOSED_AT_FIRST.includes(part) || nothing ? toggled.has(part) : !toggled.has(part);
          const shown = all ? rows : rows.filter((row) => !row.same);
          const equal = rows.length - differing;
          return (
            <tbody key={part}>
              <tr className="compare-part">
                <th colSpan={runs.length + 2} scope="rowgroup">
                  <button type="button" aria-expanded={open} onClick={() => toggle(part)}>
                    <Icon name={open ? "chevron" : "right"} />
                    {t(PART_WORDS[part])}
                  </button>
                  <span className="muted">{t("compare.differ", { n: differing, total: rows.length })}</span>
                </th>
              </tr>
              {open ? (
                <Fragment>
                  {shown.map((row) => (
                    <ValueRow key={row.key} part={part} row={row} base={base} words={words} rising={rising(row.key)} />
                  ))}
                  {!all && equal > 0 ? (
                    <tr className="compare-equal">
                      <td colSpan={runs.length + 2}>{t("compare.equal", { n: equal })}</td>
                    </tr>
                  ) : null}
                </Fragment>
              ) : null}
            </tbody>
          );
        })}
      </table>
    </div>
  );
}

function cellText(part: DiffPart, key: string, text: string | null, { t, language }: Words): string {
  if (text === null) return "–";
  if (part === "metrics" || part === "system") return formatNumber(Number(text));
  if (part === "params") return formatParam(text);
  if (part !== "attributes") return text;
  if (key === "start_time") return shortTime(Number(text), language);
  if (key === "duration") return formatDuration(Number(text), language);
  if (key === "commit") return text.slice(0, 10);
  const status = key === "status" ? STATUS[text] : undefined;
  return status ? t(status.word) : text;
}

const shortTime = (ms: number, language: string) =>
  new Date(ms).toLocaleString(language, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });

interface RowProps {
  part: DiffPart;
  row: DiffRow;
  base: number;
  words: Words;
  rising: boolean;
}

function ValueRow({ part, row, base, words, rising }: RowProps) {
  const { t } = words;
  const metric = part === "metrics";
  const best = metric && row.numbers ? bestOf(row.numbers, rising) : [];
  const baseText = row.texts[base] ?? null;
  const baseNumber = row.numbers?.[base] ?? Number.NaN;
  const attribute = part === "attributes" ? ATTRIBUTE_WORDS[row.key] : undefined;
  const measured = part !== "attributes" || row.key === "duration";
  return (
    <tr>
      <th scope="row" title={row.key}>
        {attribute ? t(attribute) : row.key}
        {metric ? <span className="muted">{rising ? " ↑" : " ↓"}</span> : null}
      </th>
      {row.texts.map((text, index) => {
        // No two runs start at one time: that tells nothing.
        const differs = row.key !== "start_time" && index !== base && text !== baseText && !(row.numbers && row.numbers[index] === baseNumber);
        const change = differs && row.numbers && measured ? formatChange(row.numbers[index] ?? Number.NaN, baseNumber) : "";
        const good = change.startsWith("▲") === rising;
        return (
          // oxlint-disable-next-line react/no-array-index-key -- a row's cells stand in the order of the runs
          <td key={index} className={differs ? "compare-differs" : undefined} title={text ?? undefined}>
            <span className={row.numbers && measured ? "compare-number" : "compare-text"}>{cellText(part, row.key, text, words)}</span>{" "}
            {best.includes(index) ? <span className="compare-best" title={t("compare.best")}>★<span className="hidden-text">{t("compare.best")}</span></span> : null}{" "}
            {change ? <span className={metric ? (good ? "compare-change tone-ok" : "compare-change tone-bad") : "compare-change muted"}>{change}</span> : null}
          </td>
        );
      })}
      <td className="compare-spread">
        {row.numbers && measured && !row.same ? <Dots numbers={row.numbers} base={base} /> : <span className="muted">{row.same ? "=" : t("compare.distinct", { n: new Set(row.texts).size })}</span>}
      </td>
    </tr>
  );
}

const WIDTH = 90;

/** The numbers of a row as dots between the least and the greatest; the baseline's is full. */
function Dots({ numbers, base }: { numbers: readonly number[]; base: number }) {
  const finite = numbers.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (!(high > low)) return null;
  return (
    <svg className="dots" viewBox={`0 0 ${WIDTH} 12`} aria-hidden="true">
      <line x1="4" x2={WIDTH - 4} y1="6" y2="6" />
      {numbers.map((value, index) =>
        Number.isFinite(value) ? (
          // oxlint-disable-next-line react/no-array-index-key -- in the order of the runs
          <circle key={index} cx={4 + ((WIDTH - 8) * (value - low)) / (high - low)} cy="6" r={index === base ? 4 : 3} className={index === base ? "dots-base" : undefined} />
        ) : null,
      )}
    </svg>
  );
}
