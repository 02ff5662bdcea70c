/**
 * The rows of a grid as a pool of DOM elements that are used again while the reader scrolls: React stays out of the frame.
 *
 * Row n lives in the pool's place n modulo the pool's size, so a scroll by one row writes one row. Cells exist only for the
 * columns in the window; the first cell of each row is pinned.
 */
import { columnWindow, type GridColumn } from "./model";

export const ROW_HEIGHT = 28;
/** Sections, and column titles. */
export const HEADER_ROWS = 2;
const OVERSCAN_ROWS = 6;
const OVERSCAN_PX = 240;

export interface Viewport {
  top: number;
  left: number;
  width: number;
  height: number;
}

export interface Scene {
  pinned: GridColumn;
  columns: readonly GridColumn[];
  /** Left edges of `columns`, then the total width. */
  edges: readonly number[];
  rows: number;
  /** For element ids. */
  name: string;
}

interface PooledRow {
  element: HTMLDivElement;
  pinned: HTMLDivElement;
  cells: Map<number, HTMLDivElement>;
  index: number;
}

export interface Active {
  /** -1: the header. */
  row: number;
  /** 0: the pinned column. */
  column: number;
}

export const cellId = (name: string, row: number, column: number) => `${name}-${row}-${column}`;

export class RowPool {
  private rows: PooledRow[] = [];
  private window: [number, number] = [0, 0];
  private scene: Scene | null = null;

  constructor(private readonly body: HTMLElement) {}

  /** Takes new columns: all rows are made anew. */
  setScene(scene: Scene): void {
    const before = this.scene;
    const sameColumns = before?.columns === scene.columns && before.pinned === scene.pinned;
    this.scene = scene;
    this.body.style.height = `${scene.rows * ROW_HEIGHT}px`;
    this.body.style.width = `${scene.edges.at(-1) ?? 0}px`;
    if (!sameColumns) this.clear();
  }

  clear(): void {
    for (const row of this.rows) row.element.remove();
    this.rows = [];
  }

  /** Draws what the viewport shows. `all` writes every row again. Returns the visible rows [first, last]. */
  draw(view: Viewport, active: Active | null, all: boolean): [number, number] {
    const scene = this.scene;
    if (!scene) return [0, 0];
    const first = Math.max(0, Math.floor(view.top / ROW_HEIGHT));
    const last = Math.min(scene.rows - 1, Math.ceil((view.top + view.height) / ROW_HEIGHT));
    const [from, to] = [Math.max(0, first - OVERSCAN_ROWS), Math.min(scene.rows, last + 1 + OVERSCAN_ROWS)];
    const size = Math.ceil(view.height / ROW_HEIGHT) + 2 * OVERSCAN_ROWS + 2;
    if (size !== this.rows.length) this.resize(size, scene);

    const left = view.left + scene.pinned.width - OVERSCAN_PX;
    const wanted = columnWindow(scene.edges, left, view.left + view.width + OVERSCAN_PX);
    const moved = wanted[0] !== this.window[0] || wanted[1] !== this.window[1];
    this.window = wanted;

    for (const row of this.rows) {
      if (row.index >= 0 && (row.index < from || row.index >= to)) this.park(row);
    }
    for (let index = from; index < to; index += 1) {
      const row = this.rows[index % size];
      if (!row) continue;
      const fresh = row.index !== index;
      if (fresh) this.place(row, index);
      if (moved || fresh) this.fit(row, scene);
      if (all || fresh || moved) this.write(row, scene);
    }
    this.mark(active, scene);
    return [first, Math.max(first, last)];
  }

  private resize(size: number, scene: Scene): void {
    this.clear();
    this.window = [0, 0];
    this.rows = Array.from({ length: size }, () => {
      const element = document.createElement("div");
      element.className = "grid-row";
      element.setAttribute("role", "row");
      const pinned = document.createElement("div");
      pinned.className = "grid-cell grid-pinned";
      pinned.setAttribute("role", "rowheader");
      pinned.style.width = `${scene.pinned.width}px`;
      scene.pinned.build?.(pinned);
      element.append(pinned);
      element.hidden = true;
      this.body.append(element);
      return { element, pinned, cells: new Map(), index: -1 };
    });
  }

  private park(row: PooledRow): void {
    row.index = -1;
    row.element.hidden = true;
  }

  private place(row: PooledRow, index: number): void {
    row.index = index;
    row.element.hidden = false;
    row.element.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
    row.element.setAttribute("aria-rowindex", String(index + 1 + HEADER_ROWS));
  }

  /** Makes the cells of the column window and drops the others. */
  private fit(row: PooledRow, scene: Scene): void {
    const [from, to] = this.window;
    for (const [index, cell] of row.cells) {
      if (index < from || index >= to) {
        cell.remove();
        row.cells.delete(index);
      }
    }
    for (let index = from; index < to; index += 1) {
      const column = scene.columns[index];
      if (!column || row.cells.has(index)) continue;
      const cell = document.createElement("div");
      cell.className = `grid-cell grid-${column.align}`;
      cell.setAttribute("role", "gridcell");
      cell.setAttribute("aria-colindex", String(index + 2));
      cell.style.left = `${scene.edges[index] ?? 0}px`;
      cell.style.width = `${column.width}px`;
      column.build?.(cell);
      row.cells.set(index, cell);
      row.element.append(cell);
    }
  }

  private write(row: PooledRow, scene: Scene): void {
    row.pinned.id = cellId(scene.name, row.index, 0);
    scene.pinned.paint(row.pinned, row.index);
    for (const [index, cell] of row.cells) {
      cell.id = cellId(scene.name, row.index, index + 1);
      scene.columns[index]?.paint(cell, row.index);
    }
  }

  private mark(active: Active | null, scene: Scene): void {
    for (const row of this.rows) {
      const here = active !== null && active.row === row.index && row.index >= 0;
      row.element.classList.toggle("grid-row-active", here);
      row.pinned.classList.toggle("grid-cell-active", here && active.column === 0);
      for (const [index, cell] of row.cells) {
        cell.classList.toggle("grid-cell-active", here && active.column === index + 1);
      }
    }
    this.body.dataset.name = scene.name;
  }
}
