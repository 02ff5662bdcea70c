import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type MouseEvent } from "react";
import { GridHeader, type HeaderActions } from "./GridHeader";
import { columnWindow, offsets, type GridColumn, type GridSort, type RowLook, type Spot } from "./model";
import { cellId, HEADER_ROWS, RowPool, type Active } from "./pool";
import { leavePlace, placeToReturnTo } from "./place";
import "./grid.css";

const TITLES_HEIGHT = 50;
const HEADER_OVERSCAN = 300;

export interface GridActions extends HeaderActions {
  onOpen: (row: number, newTab: boolean) => void;
  /** `extend`: from the row that was selected last up to this one. */
  onSelect: (row: number, extend: boolean) => void;
  onToggle: (row: number) => void;
  onCellMenu: (row: number, column: string, spot: Spot) => void;
  /** Keys that the grid does not know itself; true when the key was used. */
  onKey: (key: string, event: KeyboardEvent, row: number) => boolean;
}

interface GridProps extends GridActions {
  /** For screen readers. */
  label: string;
  /** Prefix of element ids. */
  name: string;
  /** Columns at the left edge, that do not scroll sideways. */
  fixed: readonly GridColumn[];
  columns: readonly GridColumn[];
  rowHeight: number;
  /** Rows at the top that do not scroll away; they are the first ones of `rows`. */
  top: number;
  /** Rows to make room for; those that are not here yet paint as skeletons. */
  rows: number;
  /** All rows that there are, for `aria-rowcount`. */
  total: number;
  /** A change of this text writes all visible rows again. */
  revision: string;
  sort: readonly GridSort[];
  dimmed: boolean;
  rowLook: (row: number) => RowLook;
  /** Whether rows can be opened. */
  tree: boolean;
  /** Called with the visible rows, at most once a frame. */
  onLook: (first: number, last: number) => void;
  /** A change of this text scrolls back to the top. */
  topKey: string;
  /** The page's address: the place in the grid is kept under it. */
  page: string;
}

/** A table of any number of rows and columns; only those on screen are in the document. */
export function Grid(props: GridProps) {
  const { fixed, columns, rowHeight, top, rows, tree, revision, name, onLook, topKey, page, rowLook } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const topBody = useRef<HTMLDivElement>(null);
  const pools = useRef<[top: RowPool, main: RowPool] | null>(null);
  const [before] = useState(() => placeToReturnTo(page));
  const goal = useRef(before);
  const active = useRef<Active | null>(before?.active ?? null);
  const frame = useRef(0);
  const [heading, setHeading] = useState<[number, number]>([0, columns.length]);
  const [descendant, setDescendant] = useState(() =>
    before?.active ? cellId(name, before.active.row, before.active.column) : undefined,
  );
  const fixedWidth = useMemo(() => fixed.reduce((sum, column) => sum + column.width, 0), [fixed]);
  const edges = useMemo(() => offsets(columns, fixedWidth), [columns, fixedWidth]);
  const headerHeight = TITLES_HEIGHT + top * rowHeight;
  const lastColumn = fixed.length + columns.length - 1;
  const columnAt = (index: number) => (index < fixed.length ? fixed[index] : columns[index - fixed.length]);

  const draw = useCallback(
    (all: boolean) => {
      const view = scroller.current;
      if (!view || !pools.current) return;
      const { scrollTop, scrollLeft: left, clientWidth: width } = view;
      const height = view.clientHeight - headerHeight;
      const [topPool, mainPool] = pools.current;
      // Columns that stay at the edge cost at every frame: only where there is something to scroll sideways to.
      view.toggleAttribute("data-wide", (edges.at(-1) ?? 0) > width);
      if (top) topPool.draw({ top: 0, left, width, height: (top - 1) * rowHeight }, active.current, all);
      const [first, last] = mainPool.draw({ top: scrollTop, left, width, height }, active.current, all);
      onLook(first, last);
      const wanted = columnWindow(edges, left + fixedWidth - HEADER_OVERSCAN, left + width + HEADER_OVERSCAN);
      setHeading((old) => (old[0] === wanted[0] && old[1] === wanted[1] ? old : wanted));
    },
    [edges, onLook, fixedWidth, headerHeight, top, rowHeight],
  );

  useLayoutEffect(() => {
    if (!body.current || !topBody.current) return;
    pools.current ??= [new RowPool(topBody.current), new RowPool(body.current)];
    const scene = { fixed, columns, edges, rowHeight, tree, name, look: rowLook };
    pools.current[0].setScene({ ...scene, first: 0, rows: top });
    pools.current[1].setScene({ ...scene, first: top, rows: rows - top });
    // Rows come page by page: the place is reached when there are enough of them.
    if (goal.current && scroller.current) {
      scroller.current.scrollTo({ top: goal.current.top, left: goal.current.left });
      if (scroller.current.scrollTop >= goal.current.top - 1) goal.current = null;
    }
    draw(true);
  }, [fixed, columns, edges, rowHeight, rows, top, tree, name, revision, rowLook, draw]);

  useEffect(() => {
    const view = scroller.current;
    if (!view) return;
    const watcher = new ResizeObserver(() => draw(false));
    watcher.observe(view);
    // Not by React, which looks for listeners on all elements around it at each event.
    const onScroll = () => {
      frame.current ||= requestAnimationFrame(() => {
        frame.current = 0;
        draw(false);
      });
    };
    view.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      watcher.disconnect();
      view.removeEventListener("scroll", onScroll);
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    };
  }, [draw]);

  const shownTop = useRef(topKey);
  useEffect(() => {
    if (shownTop.current !== topKey) scroller.current?.scrollTo({ top: 0 });
    shownTop.current = topKey;
  }, [topKey]);

  const here = useRef(page);
  here.current = page;
  useLayoutEffect(() => {
    const view = scroller.current;
    return () => {
      if (view) leavePlace(here.current, { top: view.scrollTop, left: view.scrollLeft, active: active.current });
    };
  }, []);

  useEffect(
    () => () => {
      cancelAnimationFrame(frame.current);
      for (const pool of pools.current ?? []) pool.clear();
      pools.current = null;
    },
    [],
  );

  const stopReturning = () => {
    goal.current = null;
  };
  const activate = (row: number, column: number) => {
    const to: Active = {
      row: Math.max(-1, Math.min(rows - 1, row)),
      column: Math.max(0, Math.min(lastColumn, column)),
    };
    active.current = to;
    const view = scroller.current;
    if (view) {
      if (to.row >= top) revealRow(view, (to.row - top) * rowHeight, rowHeight, headerHeight);
      const left = edges[to.column - fixed.length];
      const width = columns[to.column - fixed.length]?.width ?? 0;
      if (to.column >= fixed.length && left !== undefined) revealColumn(view, left, width, fixedWidth);
    }
    draw(false);
    setDescendant(cellId(name, to.row, to.column));
  };

  const spotOf = (at: Active): Spot => {
    const cell = document.getElementById(cellId(name, at.row, at.column))?.getBoundingClientRect();
    return cell ? { x: cell.left + 8, y: cell.bottom } : { x: 100, y: 100 };
  };

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== scroller.current || event.nativeEvent.isComposing) return;
    stopReturning();
    const at = active.current ?? { row: 0, column: 0 };
    const column = columnAt(at.column);
    const jump = Math.max(1, Math.floor((scroller.current.clientHeight - headerHeight) / rowHeight) - 1);
    const ends = event.ctrlKey || event.metaKey;
    const moves: Record<string, [number, number]> = {
      ArrowDown: [at.row + 1, at.column],
      ArrowUp: [at.row - 1, at.column],
      ArrowRight: [at.row, at.column + 1],
      ArrowLeft: [at.row, at.column - 1],
      j: [at.row + 1, at.column],
      k: [at.row - 1, at.column],
      PageDown: [at.row + jump, at.column],
      PageUp: [Math.max(0, at.row - jump), at.column],
      Home: [ends ? 0 : at.row, 0],
      End: [ends ? rows - 1 : at.row, lastColumn],
    };
    const move = moves[event.key];
    const open = at.row >= 0 ? rowLook(at.row).open : undefined;
    const sideways = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) {
      if (at.row < 0 && column) props.onMenu(column.id, spotOf(at));
      else if (column) props.onCellMenu(at.row, column.id, spotOf(at));
    } else if (event.altKey && sideways && at.row < 0 && column) props.onShift(column.id, sideways);
    else if (event.key === "ArrowRight" && open === false && at.column < fixed.length) props.onToggle(at.row);
    else if (event.key === "ArrowLeft" && open && at.column < fixed.length) props.onToggle(at.row);
    else if (event.shiftKey && (event.key === "ArrowDown" || event.key === "ArrowUp") && move) {
      if (at.row >= 0 && !rowLook(at.row).selected) props.onSelect(at.row, false);
      activate(...move);
      props.onSelect(active.current?.row ?? 0, true);
    } else if (move && !event.altKey && (!ends || event.key === "Home" || event.key === "End")) activate(...move);
    else if ((event.key === " " || event.key === "x") && at.row >= 0) props.onSelect(at.row, event.shiftKey);
    else if (event.key === "Enter" || event.key === "o") {
      if (at.row < 0) props.onSort(column?.id ?? "", event.shiftKey);
      else props.onOpen(at.row, ends);
    } else if (event.key === "s" || event.key === "S") props.onSort(column?.id ?? "", event.shiftKey);
    else if (!props.onKey(event.key, event, at.row)) return;
    event.preventDefault();
  };

  const placeOf = (event: MouseEvent): Active | null => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[role=gridcell],[role=rowheader]");
    const [, row, column] = cell?.id.match(/-(\d+)-(\d+)$/) ?? [];
    return row === undefined || column === undefined ? null : { row: Number(row), column: Number(column) };
  };
  const onClick = (event: MouseEvent<HTMLDivElement>) => {
    const at = placeOf(event);
    if (!at) return;
    const target = event.target as HTMLElement;
    activate(at.row, at.column);
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (columnAt(at.column)?.id === "select") {
      props.onSelect(at.row, event.shiftKey);
      scroller.current?.focus({ preventScroll: true });
      // A box that was clicked itself has changed by itself, too.
      requestAnimationFrame(() => draw(true));
    } else if (target.closest("[data-toggle]")) props.onToggle(at.row);
    else if (plain && target.closest("a")) {
      event.preventDefault();
      props.onOpen(at.row, false);
    }
  };
  const onContextMenu = (event: MouseEvent<HTMLDivElement>) => {
    const at = placeOf(event);
    const column = at && columnAt(at.column);
    if (!at || !column || event.button !== 2) return;
    event.preventDefault();
    activate(at.row, at.column);
    props.onCellMenu(at.row, column.id, { x: event.clientX, y: event.clientY });
  };

  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- it has a role: one of two
    <div
      ref={scroller}
      className={props.dimmed ? "grid grid-dimmed" : "grid"}
      role={tree ? "treegrid" : "grid"}
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={props.total + HEADER_ROWS}
      aria-colcount={lastColumn + 1}
      aria-activedescendant={descendant}
      aria-busy={props.dimmed}
      aria-multiselectable="true"
      style={{ scrollPaddingBlockStart: headerHeight, "--row-height": `${rowHeight - 1}px` } as CSSProperties}
      onWheel={stopReturning}
      onPointerDown={stopReturning}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onContextMenu={onContextMenu}
      onFocus={(event) => {
        if (event.target === scroller.current && !active.current && rows > 0) activate(0, 0);
      }}
    >
      <GridHeader {...props} fixedWidth={fixedWidth} activeId={descendant} edges={edges} from={heading[0]} to={heading[1]}>
        <div ref={topBody} className={top ? "grid-top" : undefined} role="presentation" hidden={top === 0} />
      </GridHeader>
      <div ref={body} className="grid-body" role="rowgroup" />
    </div>
  );
}

/** Scrolls so that a row is seen whole; `y`: its top among the rows that scroll. */
function revealRow(view: HTMLElement, y: number, rowHeight: number, header: number): void {
  const height = view.clientHeight - header;
  if (y < view.scrollTop) view.scrollTop = y;
  else if (y + rowHeight > view.scrollTop + height) view.scrollTop = y + rowHeight - height;
}

function revealColumn(view: HTMLElement, left: number, width: number, fixed: number): void {
  if (left < view.scrollLeft + fixed) view.scrollLeft = left - fixed;
  else if (left + width > view.scrollLeft + view.clientWidth) view.scrollLeft = left + width - view.clientWidth;
}
