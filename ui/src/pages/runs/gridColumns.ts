/** The columns of the runs table: how each kind is titled, measured and painted. */
import type { CellValue, RunHead } from "../../api/types";
import { columnKey, columnKind, sortable, wireColumn, type ColumnId, type ColumnKind } from "../../data/columns";
import { formatAge, formatDuration, formatNumber, formatParam, formatTime, isNumeric, toNumber } from "../../data/format";
import type { RunPages } from "../../data/runpages";
import type { MessageKey, Words } from "../../i18n/language";
import { fitWidth } from "../../parts/grid/measure";
import type { GridColumn } from "../../parts/grid/model";
import { iconNode } from "../../parts/icons";
import { STATUS } from "../../parts/Status";

/** What painting needs beside the column; read anew at each paint. */
export interface PaintSource {
  pages: RunPages | null;
  now: number;
}

const SAMPLE = 60;
const BAR = 46;

const TITLES: Record<string, MessageKey> = {
  run_name: "column.name",
  status: "column.status",
  start_time: "column.started",
  duration: "column.duration",
  user_id: "column.user",
  run_id: "column.id",
};

const SECTIONS: Record<ColumnKind, MessageKey> = {
  attribute: "section.attributes",
  param: "section.params",
  metric: "section.metrics",
  tag: "section.tags",
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Spans that are as long in words as spans become. */
const LONG_SPANS = [59 * MINUTE + 59_000, 23 * HOUR + 59 * MINUTE, 29 * DAY + 23 * HOUR];
const LONG_AGES = [59 * MINUTE, 23 * HOUR, DAY, 29 * DAY, 340 * DAY];
const STATUS_ICON = 20;
const ID_WIDTH = 264;
/** The name stands in line with the page's heading. */
const GUTTER = 24;

export function attributeTitle(key: string, words: Words): string {
  const title = TITLES[key];
  return title ? words.t(title) : key;
}

/** Writes text into a cell; null writes the sign for "no value", undefined the sign for "not here yet". */
function write(cell: HTMLElement, text: string | null | undefined, full?: string): void {
  cell.classList.toggle("grid-waiting", text === undefined);
  cell.classList.toggle("grid-none", text === null);
  cell.textContent = text === undefined ? "" : (text ?? "–");
  cell.title = full ?? (text || "");
}

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
  cell.classList.toggle("grid-waiting", !run);
  const look = run && STATUS[run.status];
  const text = look ? words.t(look.word) : (run?.status ?? "");
  if (cell.dataset.status === text) return;
  cell.dataset.status = text;
  cell.className = `grid-cell grid-start grid-status tone-${look?.tone ?? "muted"}`;
  const word = document.createElement("span");
  word.textContent = text;
  cell.replaceChildren(...(look ? [iconNode(look.icon), word] : [word]));
}

function attributeWidth(key: string, pages: RunPages | null, words: Words): number {
  const { t, language } = words;
  const fit = (texts: string[], extra = 0, max = 140) => fitWidth(attributeTitle(key, words), texts, extra, 60, max);
  switch (key) {
    case "status":
      return fit(Object.values(STATUS).map((look) => t(look.word)), STATUS_ICON);
    case "start_time":
      return fit(LONG_AGES.map((age) => formatAge(-age, 0, language)), 4);
    case "duration":
      return fit(LONG_SPANS.map((span) => formatDuration(span, language)));
    case "user_id":
      return fit(sampleRuns(pages, (run) => run.user_id), 0, 110);
    default:
      return ID_WIDTH;
  }
}

function attributeColumn(id: ColumnId, source: PaintSource, words: Words): GridColumn {
  const key = columnKey(id);
  const end = key === "start_time" || key === "duration";
  return {
    id,
    title: attributeTitle(key, words),
    width: attributeWidth(key, source.pages, words),
    align: end ? "end" : "start",
    sortable: sortable(id),
    section: words.t(SECTIONS.attribute),
    paint(cell, row) {
      const run = source.pages?.run(row);
      if (key === "status") paintStatus(cell, run, words);
      else if (run) write(cell, ...attributeText(run, key, source.now, words.language));
      else write(cell, undefined);
    },
  };
}

/** What the first rows have, without those that have nothing. */
function sample<T>(pages: RunPages | null, read: (pages: RunPages, row: number) => T | null | undefined): T[] {
  const found: T[] = [];
  if (!pages) return found;
  for (let row = 0; row < Math.min(SAMPLE, pages.loaded); row += 1) {
    const value = read(pages, row);
    if (value !== null && value !== undefined) found.push(value);
  }
  return found;
}

function sampleRuns(pages: RunPages | null, read: (run: RunHead) => string | undefined): string[] {
  return sample(pages, (from, row) => {
    const run = from.run(row);
    return run && read(run);
  });
}

function sampleCells(pages: RunPages | null, wire: string): CellValue[] {
  return sample(pages, (from, row) => from.cell(row, wire));
}

function textColumn(id: ColumnId, wire: string, source: PaintSource, words: Words): GridColumn {
  const kind = columnKind(id);
  const values = sampleCells(source.pages, wire).map(String);
  const numeric = kind === "param" && values.length > 0 && values.every(isNumeric);
  const shorten = numeric ? formatParam : (text: string) => text;
  return {
    id,
    title: columnKey(id),
    width: fitWidth(columnKey(id), values.map(shorten), 0, 48, 200),
    align: numeric ? "end" : "start",
    sortable: true,
    section: words.t(SECTIONS[kind]),
    paint(cell, row) {
      const value = source.pages?.cell(row, wire);
      const text = typeof value === "number" ? String(value) : value;
      write(cell, text && shorten(text), text ?? undefined);
    },
  };
}

/** Where a value stands between a column's least and greatest, in [0, 1]; null where there is nothing to compare it with. */
export function barShare(value: number, range: [number, number] | null): number | null {
  if (!range || !Number.isFinite(value) || range[0] === range[1]) return null;
  return (value - range[0]) / (range[1] - range[0]);
}

/** A column whose values are all one has no bars, and no room for them. */
function showBar(bar: HTMLElement, range: [number, number] | null, value: number | null): void {
  const share = value === null ? null : barShare(value, range);
  bar.hidden = !range || range[0] === range[1];
  bar.style.visibility = share === null ? "hidden" : "visible";
  const fill = bar.firstElementChild as HTMLElement;
  fill.style.transform = `scaleX(${share ?? 0})`;
}

function metricColumn(id: ColumnId, wire: string, source: PaintSource, words: Words): GridColumn {
  const texts = sampleCells(source.pages, wire).map((value) => formatNumber(toNumber(value as number)));
  return {
    id,
    title: columnKey(id),
    width: fitWidth(columnKey(id), texts, BAR, 92, 200),
    align: "end",
    sortable: true,
    section: words.t(SECTIONS.metric),
    build(cell) {
      cell.classList.add("grid-metric");
      const bar = document.createElement("span");
      bar.className = "grid-bar";
      bar.append(document.createElement("i"));
      cell.append(document.createElement("span"), bar);
    },
    paint(cell, row) {
      const value = source.pages?.cell(row, wire);
      const [text, bar] = cell.children as unknown as [HTMLElement, HTMLElement];
      cell.classList.toggle("grid-waiting", value === undefined);
      cell.classList.toggle("grid-none", value === null);
      if (value === undefined || value === null) {
        text.textContent = value === null ? "–" : "";
        showBar(bar, source.pages?.range(wire) ?? null, null);
        cell.title = "";
        return;
      }
      const number = toNumber(value as number);
      text.textContent = formatNumber(number);
      text.className = Number.isFinite(number) ? "" : "grid-odd";
      cell.title = String(number);
      showBar(bar, source.pages?.range(wire) ?? null, number);
    },
  };
}

export function gridColumn(id: ColumnId, source: PaintSource, words: Words): GridColumn {
  const wire = wireColumn(id);
  if (wire === null) return attributeColumn(id, source, words);
  const make = columnKind(id) === "metric" ? metricColumn : textColumn;
  return make(id, wire, source, words);
}

/** The pinned first column: the run's name as a link. */
export function nameColumn(source: PaintSource, words: Words, address: (runId: string) => string): GridColumn {
  const names = sampleRuns(source.pages, (run) => run.run_name);
  return {
    id: "a.run_name",
    title: words.t("column.name"),
    width: fitWidth(words.t("column.name"), names, GUTTER, 120, 270),
    align: "start",
    sortable: true,
    section: "",
    build(cell) {
      const link = document.createElement("a");
      link.tabIndex = -1;
      cell.append(link);
    },
    paint(cell, row) {
      const run = source.pages?.run(row);
      const link = cell.firstElementChild as HTMLAnchorElement;
      cell.classList.toggle("grid-waiting", !run);
      link.textContent = run ? run.run_name || run.run_id.slice(0, 8) : "";
      link.title = link.textContent;
      if (run) link.href = address(run.run_id);
      else link.removeAttribute("href");
    },
  };
}
