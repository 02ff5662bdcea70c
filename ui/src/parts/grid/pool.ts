/**
 * The rows of a grid as a pool of DOM elements that are used again while the reader scrolls: React stays out of the frame.
 *
 * Row n lives in the pool's place n modulo the pool's size, so a scroll by one row writes one row. Cells exist only for the
 * columns in the window; the fixed columns of a row share one element that sticks to the left edge.
 */
import { columnWindow, offsets, type GridColumn, type RowLook } from "./model";

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
  fixed: readonly GridColumn[];
  columns: readonly GridColumn[];
  /** Left edges of `columns`, then the total width. */
  edges: readonly number[];
  /** The first row of this pool among all rows of the grid, and how many it has. */
  first: number;
  rows: number;
  rowHeight: number;
  /** Whether rows can be opened. */
  tree: boolean;
  /** For element ids. */
  name: string;
  look: (row: number) => RowLook;
}

interface PooledRow {
  element: HTMLDivElement;
  fixed: HTMLDivElement[];
  cells: Map<number, HTMLDivElement>;
  index: number;
}

export interface Active {
  /** -1: the header. */
  row: number;
  /** Fixed columns come first. */
  column: number;
}

export const cellId = (name: string, row: number, column: number) => `${name}-${row}-${column}`;

export class RowPool {
  private rows: PooledRow[] = [];
  private window: [number, number] = [0, 0];
  private scene: Scene | null = null;
  private marked: { row: HTMLElement | undefined; cell: HTMLElement | undefined } = { row: undefined, cell: undefined };

  constructor(private readonly body: HTMLElement) {}

  /** Takes new columns: all rows are made anew. */
  setScene(scene: Scene): void {
    const before = this.scene;
    const same = before?.columns === scene.columns && before.fixed === scene.fixed && before.rowHeight === scene.rowHeight;
    this.scene = scene;
    this.body.style.height = `${scene.rows * scene.rowHeight}px`;
    this.body.style.width = `${scene.edges.at(-1) ?? 0}px`;
    if (!same) this.clear();
  }

  clear(): void {
    for (const row of this.rows) row.element.remove();
    this.rows = [];
  }

  /** Draws what the viewport shows. `all` writes every row again. Returns the visible rows [first, last] of the grid. */
  draw(view: Viewport, active: Active | null, all: boolean): [number, number] {
    const scene = this.scene;
    if (!scene) return [0, 0];
    const first = Math.max(0, Math.floor(view.top / scene.rowHeight));
    const last = Math.min(scene.rows - 1, Math.ceil((view.top + view.height) / scene.rowHeight));
    const [from, to] = [Math.max(0, first - OVERSCAN_ROWS), Math.min(scene.rows, last + 1 + OVERSCAN_ROWS)];
    const size = Math.ceil(view.height / scene.rowHeight) + 2 * OVERSCAN_ROWS + 2;
    if (size !== this.rows.length) this.resize(size, scene);

    const left = view.left + (scene.edges[0] ?? 0) - OVERSCAN_PX;
    const wanted = columnWindow(scene.edges, left, view.left + view.width + OVERSCAN_PX);
    const moved = wanted[0] !== this.window[0] || wanted[1] !== this.window[1];
    this.window = wanted;

    for (const row of this.rows) {
      // A row that was scrolled away is right where it lies: to hide it would cost more than to leave it until its place is needed.
      const away = row.index < from || row.index >= to;
      if (row.index >= 0 && away && (all || moved || row.index >= scene.rows)) park(row);
    }
    for (let index = from; index < to; index += 1) {
      const row = this.rows[index % size];
      if (!row) continue;
      const fresh = row.index !== index;
      if (fresh) this.place(row, index, scene);
      if (moved || fresh) this.fit(row, scene);
      if (all || fresh || moved) this.write(row, scene);
    }
    this.mark(active, scene);
    return [scene.first + first, scene.first + Math.max(first, last)];
  }

  private resize(size: number, scene: Scene): void {
    this.clear();
    this.window = [0, 0];
    const edges = offsets(scene.fixed, 0);
    this.rows = Array.from({ length: size }, () => {
      const element = document.createElement("div");
      element.setAttribute("role", "row");
      element.style.height = `${scene.rowHeight}px`;
      const frame = document.createElement("div");
      frame.className = "grid-fixed";
      frame.setAttribute("role", "presentation");
      frame.style.width = `${scene.edges[0] ?? 0}px`;
      const fixed = scene.fixed.map((column, index) => {
        const cell = makeCell(column, index, edges[index] ?? 0);
        if (column.id === "a.run_name") cell.setAttribute("role", "rowheader");
        frame.append(cell);
        return cell;
      });
      element.append(frame);
      element.hidden = true;
      this.body.append(element);
      return { element, fixed, cells: new Map(), index: -1 };
    });
  }

  private place(row: PooledRow, index: number, scene: Scene): void {
    row.index = index;
    row.element.hidden = false;
    row.element.style.transform = `translateY(${index * scene.rowHeight}px)`;
    row.element.setAttribute("aria-rowindex", String(scene.first + index + 1 + HEADER_ROWS));
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
      const cell = makeCell(column, scene.fixed.length + index, scene.edges[index] ?? 0);
      row.cells.set(index, cell);
      row.element.append(cell);
    }
  }

  private write(row: PooledRow, scene: Scene): void {
    const at = scene.first + row.index;
    const look = scene.look(at);
    const { element } = row;
    const name = `grid-row ${look.className}`;
    if (element.className !== name) element.className = name;
    put(element, "aria-selected", String(look.selected));
    put(element, "aria-level", scene.tree ? String(look.level) : null);
    put(element, "aria-expanded", look.open === undefined ? null : String(look.open));
    for (const [index, cell] of row.fixed.entries()) {
      cell.id = cellId(scene.name, at, index);
      scene.fixed[index]?.paint(cell, at);
    }
    for (const [index, cell] of row.cells) {
      cell.id = cellId(scene.name, at, scene.fixed.length + index);
      scene.columns[index]?.paint(cell, at);
    }
  }

  /** Moves the signs of the active cell: nothing else is touched, as this is done in every frame. */
  private mark(active: Active | null, scene: Scene): void {
    const index = active === null ? -1 : active.row - scene.first;
    const found = index < 0 ? undefined : this.rows[index % this.rows.length];
    const row = found?.index === index ? found : undefined;
    const column = active?.column ?? 0;
    const cell = column < scene.fixed.length ? row?.fixed[column] : row?.cells.get(column - scene.fixed.length);
    if (this.marked.row !== row?.element) this.marked.row?.classList.remove("grid-row-active");
    if (this.marked.cell !== cell) this.marked.cell?.classList.remove("grid-cell-active");
    this.marked = { row: row?.element, cell };
    row?.element.classList.add("grid-row-active");
    cell?.classList.add("grid-cell-active");
  }
}

/** Sets an attribute or takes it away, where it is another: styles that ask for it are computed again. */
function put(element: Element, name: string, value: string | null): void {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

function makeCell(column: GridColumn, index: number, left: number): HTMLDivElement {
  const cell = document.createElement("div");
  cell.className = `grid-cell grid-${column.align}`;
  cell.setAttribute("role", "gridcell");
  cell.setAttribute("aria-colindex", String(index + 1));
  cell.style.left = `${left}px`;
  cell.style.width = `${column.width}px`;
  column.build?.(cell);
  return cell;
}

function park(row: PooledRow): void {
  row.index = -1;
  row.element.hidden = true;
}
