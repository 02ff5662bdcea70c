/** Columns of metrics: the number, where it stands among the others or how it went, how far it is from the baseline. */
import { columnKey, columnReduction, type ColumnId } from "../../data/columns";
import { CURVE_HEIGHT, CURVE_WIDTH } from "../../data/curves";
import { formatNumber, toNumber } from "../../data/format";
import { relativeChange } from "../../data/goal";
import { cellOf } from "../../data/outline";
import type { Words } from "../../i18n/language";
import { fitWidth } from "../../parts/grid/measure";
import type { GridColumn } from "../../parts/grid/model";
import { cutWhereLong, setText, setTitle, textNode } from "./cells";
import { statisticText, type StatisticText } from "./groupText";
import { sampleCells, type PaintSource } from "./source";
import { columnTitle, fullTitle, REDUCTION_WORDS, SECTIONS } from "./titles";

/** What stands beside a metric's number. */
export interface MetricLook {
  curves: ReadonlySet<ColumnId>;
  deltas: boolean;
  grouped: boolean;
}

const BAR_ROOM = 46;
const CURVE_ROOM = 76;
const DELTA_ROOM = 68;
/** What they take of it, with the gap before them, as grid.css has it. */
const BAR_TAKES = 42;
const CURVE_TAKES = 72;
const DELTA_TAKES = 70;
const SPREAD_ROOM = 52;
const SVG = "http://www.w3.org/2000/svg";

/** What a metric's cell is made of; only what its column shows. */
interface Parts {
  text: HTMLElement;
  /** A group's deviation. */
  spread: HTMLElement | null;
  bar: HTMLElement | null;
  curve: SVGPathElement | null;
  delta: HTMLElement | null;
  /** What the bar shows now. */
  share: number | null;
}

const parts = new WeakMap<HTMLElement, Parts>();

function made(name: string): HTMLElement {
  const element = document.createElement("span");
  element.className = name;
  return element;
}

function buildCurve(): [SVGSVGElement, SVGPathElement] {
  const curve = document.createElementNS(SVG, "svg");
  curve.setAttribute("class", "grid-curve");
  curve.setAttribute("viewBox", `0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`);
  curve.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  curve.append(path);
  return [curve, path];
}

function buildParts(cell: HTMLElement, curved: boolean, look: MetricLook): void {
  cell.classList.add("grid-metric");
  const text = textNode();
  const spread = look.grouped ? made("grid-spread") : null;
  if (spread) text.append(spread);
  cell.append(text);
  const own: Parts = { text, spread, bar: null, curve: null, delta: null, share: null };
  if (curved) {
    const [curve, path] = buildCurve();
    own.curve = path;
    cell.append(curve);
  } else cell.append((own.bar = made("grid-bar")));
  if (look.deltas) cell.append((own.delta = made("grid-delta")));
  parts.set(cell, own);
}

/** Where a value stands between a column's least and greatest, in [0, 1]; null where there is nothing to compare it with. */
export function barShare(value: number, range: [number, number] | null): number | null {
  if (!range || !Number.isFinite(value) || range[0] === range[1]) return null;
  return (value - range[0]) / (range[1] - range[0]);
}

/** A column whose values are all one has no bars, and no room for them. */
function showBar(cell: HTMLElement, own: Parts, range: [number, number] | null, value: number | null): void {
  if (!own.bar) return;
  cell.classList.toggle("grid-with-bar", range !== null && range[0] !== range[1]);
  const share = value === null ? null : barShare(value, range);
  if (share === own.share) return;
  if ((share === null) !== (own.share === null)) own.bar.style.visibility = share === null ? "hidden" : "visible";
  if (share !== null) own.bar.style.backgroundSize = `${(share * 100).toFixed(1)}% 100%`;
  own.share = share;
}

function showDelta(node: HTMLElement, value: number | null, base: number | null, rising: boolean, own: string): void {
  const change = own || value === null || base === null ? null : relativeChange(value, base);
  setText(node, own || (change === null ? "" : changeText(change)));
  node.className = `grid-delta ${change ? (change > 0 === rising ? "tone-ok" : "tone-bad") : "muted"}`;
}

/** "▲ 1.2 %" */
export function changeText(change: number): string {
  if (change === 0) return "=";
  const size = Math.abs(change) * 100;
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const text = size > 9999 ? ">9999" : size < 0.01 ? "<0.01" : size.toFixed(digits);
  return `${change > 0 ? "▲ +" : "▼ −"}${text} %`;
}

const finite = (value: unknown): number | null => (typeof value === "number" ? value : null);

export function metricColumn(id: ColumnId, wire: string, source: PaintSource, look: MetricLook, words: Words): GridColumn {
  const key = columnKey(id);
  const reduction = columnReduction(id);
  const title = columnTitle(id, words);
  const mark = reduction === "last" ? "" : words.t(REDUCTION_WORDS[reduction]);
  const curved = look.curves.has(id);
  const texts = sampleCells(source, wire).map((value) => formatNumber(toNumber(value as number)));
  const beside = Math.max(curved ? CURVE_ROOM : BAR_ROOM, look.grouped ? SPREAD_ROOM : 0) + (look.deltas ? DELTA_ROOM : 0);
  return {
    id,
    title,
    ...(mark ? { mark } : {}),
    hint: fullTitle(id, words),
    width: fitWidth(mark ? `${title} ${mark}` : title, texts, beside, look.grouped ? 130 : 92, 300),
    align: "end",
    sortable: true,
    section: words.t(SECTIONS.metric),
    build: (cell) => buildParts(cell, curved, look),
    paint(cell, row) {
      const own = parts.get(cell);
      if (!own) return;
      const line = source.line(row);
      if (line.kind === "group") {
        paintGroup(cell, own, statisticText(line.group.columns?.[wire], source.statistic, words));
        return;
      }
      const value = cellOf(line, wire);
      const number = value === undefined || value === null ? null : toNumber(value as number);
      const shown = value === undefined ? "" : number === null ? "–" : formatNumber(number);
      cell.classList.toggle("grid-waiting", value === undefined);
      cell.classList.toggle("grid-none", value === null);
      cell.classList.toggle("grid-odd", number !== null && !Number.isFinite(number));
      setText(own.text, shown);
      if (own.spread) setText(own.spread, "");
      setTitle(cell, number === null ? "" : String(number));
      cell.classList.toggle("grid-with-delta", own.delta !== null);
      if (own.curve) {
        cell.classList.add("grid-with-curve");
        const path = line.kind === "run" ? source.curve(line.key, key) : "";
        if (own.curve.getAttribute("d") !== path) own.curve.setAttribute("d", path);
      } else showBar(cell, own, source.range(wire), number);
      cutWhereLong(cell, shown, (curved ? CURVE_TAKES : BAR_TAKES) + (own.delta ? DELTA_TAKES : 0));
      if (own.delta && line.kind === "run") {
        const word = source.isBase(line.key) ? words.t("runs.baseline") : "";
        showDelta(own.delta, finite(number), finite(source.base(wire)), source.isRising(key), word);
      }
    },
  };
}

/** A group's statistic and its deviation; bars, curves and distances are those of runs. */
function paintGroup(cell: HTMLElement, own: Parts, statistic: StatisticText | null): void {
  cell.classList.remove("grid-waiting", "grid-odd", "grid-with-bar", "grid-with-curve", "grid-with-delta");
  cell.classList.toggle("grid-none", statistic === null);
  setText(own.text, statistic?.text ?? "–");
  if (own.spread) setText(own.spread, statistic?.spread ?? "");
  setTitle(cell, statistic?.full ?? "");
  cutWhereLong(cell, `${statistic?.text ?? ""} ${statistic?.spread ?? ""}`);
}
