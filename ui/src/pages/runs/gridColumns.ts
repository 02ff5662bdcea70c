/** The columns of the runs table but metrics: how each kind is titled, measured and painted. */
import type { RunHead } from "../../api/types";
import { columnKey, columnKind, sortable, wireColumn, type ColumnId } from "../../data/columns";
import { formatAge, formatDuration, formatParam, formatTime, isNumeric } from "../../data/format";
import { cellOf } from "../../data/outline";
import type { Words } from "../../i18n/language";
import { fitWidth } from "../../parts/grid/measure";
import type { GridColumn } from "../../parts/grid/model";
import { iconNode } from "../../parts/icons";
import { STATUS } from "../../parts/Status";
import { textNode, writeBlank, writeText } from "./cells";
import { onlyValue, ownLabel, rangeText, statisticText } from "./groupText";
import { metricColumn, type MetricLook } from "./metricColumn";
import { sampleCells, sampleTexts, type PaintSource } from "./source";
import { columnTitle, SECTIONS } from "./titles";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Spans that are as long in words as spans become. */
const LONG_SPANS = [59 * MINUTE + 59_000, 23 * HOUR + 59 * MINUTE, 29 * DAY + 23 * HOUR];
const LONG_AGES = [59 * MINUTE, 23 * HOUR, DAY, 29 * DAY, 340 * DAY];
const STATUS_ICON = 20;
const ID_WIDTH = 264;
const TEXT_MAX = 160;

function attributeText(run: RunHead, key: string, now: number, locale: string): [string | null, string?] {
  switch (key) {
    case "start_time":
      return run.start_time ? [formatAge(run.start_time, now, locale), formatTime(run.start_time, locale)] : [null];
    case "duration": {
      const end = run.end_time ?? (run.status === "RUNNING" ? now : undefined);
      return run.start_time && end ? [formatDuration(end - run.start_time, locale)] : [null];
    }
    case "user_id":
      return [run.user_id || null];
    default:
      return [run.run_id];
  }
}

function paintStatus(cell: HTMLElement, run: RunHead | undefined, words: Words): void {
  const look = run && STATUS[run.status];
  const text = look ? words.t(look.word) : (run?.status ?? "");
  if (cell.dataset.status === text) return;
  cell.dataset.status = text;
  const [node] = cell.children as unknown as [HTMLElement];
  cell.className = `grid-cell grid-start grid-status tone-${look?.tone ?? "muted"}`;
  node.textContent = text;
  cell.replaceChildren(...(look ? [iconNode(look.icon), node] : [node]));
}

function attributeWidth(key: string, title: string, source: PaintSource, words: Words): number {
  const { t, language } = words;
  const fit = (texts: string[], extra = 0, max = 140) => fitWidth(title, texts, extra, 60, max);
  switch (key) {
    case "status":
      return fit(Object.values(STATUS).map((look) => t(look.word)), STATUS_ICON);
    case "start_time":
      return fit(LONG_AGES.map((age) => formatAge(-age, 0, language)), 4);
    case "duration":
      return fit(LONG_SPANS.map((span) => formatDuration(span, language)));
    case "user_id":
      return fit(sampleTexts(source, (pages, row) => pages.run(row)?.user_id), 0, 110);
    default:
      return ID_WIDTH;
  }
}

function attributeColumn(id: ColumnId, source: PaintSource, words: Words): GridColumn {
  const key = columnKey(id);
  const end = key === "start_time" || key === "duration";
  const title = columnTitle(id, words);
  return {
    id,
    title,
    width: attributeWidth(key, title, source, words),
    align: end ? "end" : "start",
    sortable: sortable(id),
    section: words.t(SECTIONS.attribute),
    build: (cell) => cell.append(textNode()),
    paint(cell, row) {
      const line = source.line(row);
      const node = cell.querySelector<HTMLElement>(".grid-text") ?? cell;
      if (key === "status") {
        paintStatus(cell, line.kind === "run" ? line.run : undefined, words);
        cell.classList.toggle("grid-waiting", line.kind === "waiting");
      } else if (line.kind === "group") writeBlank(cell, node);
      else if (line.kind === "run") writeText(cell, node, ...attributeText(line.run, key, source.now, words.language));
      else writeText(cell, node, undefined);
    },
  };
}

function textColumn(id: ColumnId, wire: string, source: PaintSource, words: Words): GridColumn {
  const kind = columnKind(id);
  const values = sampleCells(source, wire).map(String);
  const inGroups = source.sampleGroups().flatMap((group) => {
    const label = ownLabel(id, group, source, words);
    if (label !== null) return label;
    const span = source.statistic === "mean" ? rangeText(group.columns?.[wire]) : null;
    return span ?? statisticText(group.columns?.[wire], source.statistic, words)?.text ?? [];
  });
  const numeric = kind === "param" && (values.length ? values.every(isNumeric) : inGroups.length > 0);
  const shorten = numeric ? formatParam : (text: string) => text;
  const title = columnTitle(id, words);
  return {
    id,
    title,
    ...(kind === "dataset" ? { icon: "database" as const } : {}),
    width: fitWidth(title, [...values.map(shorten), ...inGroups], kind === "dataset" ? 8 : 0, 48, TEXT_MAX),
    align: numeric ? "end" : "start",
    sortable: sortable(id),
    section: words.t(SECTIONS[kind]),
    build: (cell) => cell.append(textNode()),
    paint(cell, row) {
      const line = source.line(row);
      const [node] = cell.children as unknown as [HTMLElement];
      if (line.kind === "group") {
        const label = ownLabel(id, line.group, source, words);
        if (label !== null) {
          writeText(cell, node, shorten(label), label);
          return;
        }
        const own = kind === "param" ? statisticText(line.group.columns?.[wire], source.statistic, words) : null;
        const one = onlyValue(line.group.columns?.[wire]);
        const span = source.statistic === "mean" ? rangeText(line.group.columns?.[wire]) : null;
        if (own && one !== null) writeText(cell, node, shorten(one), one);
        else if (own && span !== null) writeText(cell, node, span, own.full);
        else if (own) writeText(cell, node, own.text, own.full);
        else writeBlank(cell, node);
        return;
      }
      const value = cellOf(line, wire);
      const text = typeof value === "number" ? String(value) : value;
      writeText(cell, node, text && shorten(text), text ?? undefined);
    },
  };
}

export function gridColumn(id: ColumnId, source: PaintSource, look: MetricLook, words: Words): GridColumn {
  const wire = wireColumn(id);
  if (wire === null) return attributeColumn(id, source, words);
  if (columnKind(id) === "metric") return metricColumn(id, wire, source, look, words);
  return textColumn(id, wire, source, words);
}
