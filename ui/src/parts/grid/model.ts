/** What the grid needs to know of its columns and rows. */
import type { IconName } from "../icons";

export interface GridColumn {
  id: string;
  title: string;
  /** A short word after the title, e.g. which of a metric's values. */
  mark?: string;
  /** Longer text for the header's tooltip. */
  hint?: string;
  icon?: IconName;
  width: number;
  align: "start" | "end";
  sortable: boolean;
  /** Whether it has a menu, and can be moved and made wider. */
  fixed?: boolean;
  /** Columns that follow each other with one section share a heading. */
  section: string;
  /** Makes the inside of a new cell, once. */
  build?: (cell: HTMLElement) => void;
  /** Writes a row's value into a cell that `build` made. */
  paint: (cell: HTMLElement, row: number) => void;
}

export interface GridSort {
  column: string;
  descending: boolean;
}

/** How a row stands out. */
export interface RowLook {
  selected: boolean;
  /** Undefined for rows that can't be opened. */
  open?: boolean | undefined;
  /** 1 for the outermost. */
  level: number;
  className: string;
}

/** Distances from the left edge of the scrolled part: one per column, and the total width at the end. */
export function offsets(columns: readonly GridColumn[], start: number): number[] {
  const result = [start];
  for (const column of columns) result.push((result.at(-1) ?? 0) + column.width);
  return result;
}

/** The columns [from, to) that meet the window [left, right). */
export function columnWindow(edges: readonly number[], left: number, right: number): [number, number] {
  const count = edges.length - 1;
  let from = 0;
  while (from < count && (edges[from + 1] ?? 0) <= left) from += 1;
  let to = from;
  while (to < count && (edges[to] ?? 0) < right) to += 1;
  return [from, to];
}

/** A place on screen that a menu opens at. */
export interface Spot {
  x: number;
  y: number;
}
