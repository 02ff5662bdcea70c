/** Pieces that the table's cells are made of. A cell is written in every frame of a scroll: only what changed is touched. */
import { textWidth } from "../../parts/grid/measure";

/** The element of a cell that takes text. */
export function textNode(): HTMLSpanElement {
  const node = document.createElement("span");
  node.className = "grid-text";
  node.append("");
  return node;
}

/** Writes the text that an element begins with; the text node stays. */
export function setText(node: HTMLElement, text: string): void {
  const { firstChild } = node;
  if (!firstChild) node.append(text);
  else if (firstChild.nodeValue !== text) firstChild.nodeValue = text;
}

export function setTitle(element: HTMLElement, title: string): void {
  if (element.title !== title) element.title = title;
}

/** A cell's padding. */
const MARGIN = 17;

/**
 * Marks a cell whose text has no room as cut. Only those are clipped: each clip costs the browser at every frame.
 * `beside`: px that other things in the cell take.
 */
export function cutWhereLong(cell: HTMLElement, text: string, beside = 0, weight = 400): void {
  cell.classList.toggle("grid-cut", textWidth(text, 12, weight) + MARGIN + beside > Number.parseFloat(cell.style.width));
}

/** Writes text into a cell; null writes the sign for "no value", undefined the sign for "not here yet". */
export function writeText(cell: HTMLElement, node: HTMLElement, text: string | null | undefined, full = text || ""): void {
  cell.classList.toggle("grid-waiting", text === undefined);
  cell.classList.toggle("grid-none", text === null);
  const shown = text === undefined ? "" : (text ?? "–");
  setText(node, shown);
  setTitle(cell, full);
  cutWhereLong(cell, shown);
}

/** Leaves a cell empty: what it would show is not said of groups. */
export function writeBlank(cell: HTMLElement, node: HTMLElement): void {
  cell.classList.remove("grid-waiting", "grid-none", "grid-cut");
  setText(node, "");
  setTitle(cell, "");
}
