/** Columns of metrics: the number, where it stands among the others or how it went, how far it is from the baseline. */
import { columnKey, columnReduction, type ColumnId } from "../../data/columns";
import { CURVE_HEIGHT, CURVE_WIDTH } from "../../data/curves";
import { formatNumber, toNumber } from "../../data/format";
import { relativeChange } from "../../data/goal";
import { cellOf } from "../../data/outline";
import type { Words } from "../../i18n/language";
import { fitWidth } from "../../parts/grid/measure";
import type { GridColumn } from "../../parts/grid/model";
import { textNode } from "./cells";
import { statisticText } from "./groupText";
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
const SPREAD_ROOM = 52;
const SVG = "http://www.w3.org/2000/svg";

interface Parts {
  text: HTMLElement;
  bar: HTMLElement;
  curve: SVGSVGElement;
  delta: HTMLElement;
}

function buildParts(cell: HTMLElement): void {
  cell.classList.add("grid-metric");
  const bar = document.createElement("span");
  bar.className = "grid-bar";
  bar.append(document.createElement("i"));
  const curve = document.createElementNS(SVG, "svg");
  curve.setAttribute("class", "grid-curve");
  curve.setAttribute("viewBox", `0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`);
  curve.setAttribute("aria-hidden", "true");
  curve.append(document.createElementNS(SVG, "path"));
  const delta = document.createElement("span");
  delta.className = "grid-delta";
  cell.append(textNode(), bar, curve, delta);
}

function partsOf(cell: HTMLElement): Parts {
  const [text, bar, curve, delta] = cell.children as unknown as [HTMLElement, HTMLElement, SVGSVGElement, HTMLElement];
  return { text, bar, curve, delta };
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

function showCurve(curve: SVGSVGElement, path: string): void {
  curve.style.display = "block";
  const line = curve.firstElementChild;
  if (line && line.getAttribute("d") !== path) line.setAttribute("d", path);
}

function showDelta(node: HTMLElement, value: number | null, base: number | null, rising: boolean, own: string): void {
  node.hidden = false;
  node.className = "grid-delta";
  if (own) {
    node.textContent = own;
    node.classList.add("muted");
    return;
  }
  const change = value === null || base === null ? null : relativeChange(value, base);
  node.textContent = change === null ? "" : changeText(change);
  if (change) node.classList.add(change > 0 === rising ? "tone-ok" : "tone-bad");
  else node.classList.add("muted");
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
    build: buildParts,
    paint(cell, row) {
      const { text, bar, curve, delta } = partsOf(cell);
      const line = source.line(row);
      delta.hidden = true;
      if (line.kind === "group") {
        const own = statisticText(line.group.columns?.[wire], source.statistic, words);
        cell.classList.remove("grid-waiting");
        cell.classList.toggle("grid-none", own === null);
        text.className = "grid-text";
        text.textContent = own?.text ?? "–";
        if (own?.spread) {
          const spread = document.createElement("span");
          spread.className = "grid-spread";
          spread.textContent = own.spread;
          text.append(spread);
        }
        cell.title = own?.full ?? "";
        bar.hidden = true;
        curve.style.display = "none";
        return;
      }
      const value = cellOf(line, wire);
      const number = value === undefined || value === null ? null : toNumber(value as number);
      cell.classList.toggle("grid-waiting", value === undefined);
      cell.classList.toggle("grid-none", value === null);
      text.textContent = value === undefined ? "" : number === null ? "–" : formatNumber(number);
      text.className = number === null || Number.isFinite(number) ? "grid-text" : "grid-text grid-odd";
      cell.title = number === null ? "" : String(number);
      if (curved) {
        bar.hidden = true;
        showCurve(curve, line.kind === "run" ? source.curve(line.key, key) : "");
      } else {
        curve.style.display = "none";
        showBar(bar, source.range(wire), number);
      }
      if (look.deltas && line.kind === "run") {
        const own = source.isBase(line.key) ? words.t("runs.baseline") : "";
        showDelta(delta, finite(number), finite(source.base(wire)), source.isRising(key), own);
      }
    },
  };
}
