import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import { GridHeader } from "./GridHeader";
import { columnWindow, offsets, type GridColumn, type GridSort } from "./model";
import { cellId, HEADER_ROWS, ROW_HEIGHT, RowPool, type Active } from "./pool";
import { leavePlace, placeToReturnTo } from "./place";
import "./grid.css";

export const HEADER_HEIGHT = 50;
const HEADER_OVERSCAN = 300;

interface GridProps {
  /** For screen readers. */
  label: string;
  /** Prefix of element ids. */
  name: string;
  pinned: GridColumn;
  columns: readonly GridColumn[];
  /** Rows to make room for; those that are not here yet paint as skeletons. */
  rows: number;
  /** All rows that there are, for `aria-rowcount`. */
  total: number;
  /** A change of this number writes all visible rows again. */
  revision: number;
  sort: GridSort;
  dimmed: boolean;
  onSort: (column: string) => void;
  /** Called with the visible rows, at most once a frame. */
  onLook: (first: number, last: number) => void;
  onOpen: (row: number, newTab: boolean) => void;
  /** A change of this text scrolls back to the top. */
  topKey: string;
  /** The page's address: the place in the grid is kept under it. */
  page: string;
  /** Shown at the right end of a section's heading. */
  sectionNote: (section: string) => string;
  onSection: (section: string) => void;
}

/** A table of any number of rows and columns; only those on screen are in the document. */
export function Grid(props: GridProps) {
  const { pinned, columns, rows, revision, name, onLook, topKey, page } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const pool = useRef<RowPool | null>(null);
  const [before] = useState(() => placeToReturnTo(page));
  const goal = useRef(before);
  const active = useRef<Active | null>(before?.active ?? null);
  const frame = useRef(0);
  const [heading, setHeading] = useState<[number, number]>([0, columns.length]);
  const [descendant, setDescendant] = useState(() =>
    before?.active ? cellId(name, before.active.row, before.active.column) : undefined,
  );
  const edges = useMemo(() => offsets(columns, pinned.width), [columns, pinned.width]);

  const draw = useCallback(
    (all: boolean) => {
      const view = scroller.current;
      if (!view || !pool.current) return;
      const { scrollTop: top, scrollLeft: left, clientWidth: width } = view;
      const height = view.clientHeight - HEADER_HEIGHT;
      const [first, last] = pool.current.draw({ top, left, width, height }, active.current, all);
      onLook(first, last);
      const wanted = columnWindow(edges, left + pinned.width - HEADER_OVERSCAN, left + width + HEADER_OVERSCAN);
      setHeading((old) => (old[0] === wanted[0] && old[1] === wanted[1] ? old : wanted));
    },
    [edges, onLook, pinned.width],
  );

  useLayoutEffect(() => {
    if (!body.current) return;
    pool.current ??= new RowPool(body.current);
    pool.current.setScene({ pinned, columns, edges, rows, name });
    // Rows come page by page: the place is reached when there are enough of them.
    if (goal.current && scroller.current) {
      scroller.current.scrollTo({ top: goal.current.top, left: goal.current.left });
      if (scroller.current.scrollTop >= goal.current.top - 1) goal.current = null;
    }
    draw(true);
  }, [pinned, columns, edges, rows, name, revision, draw]);

  useEffect(() => {
    const view = scroller.current;
    if (!view) return;
    const watcher = new ResizeObserver(() => draw(false));
    watcher.observe(view);
    return () => watcher.disconnect();
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
      pool.current?.clear();
      pool.current = null;
    },
    [],
  );

  const stopReturning = () => {
    goal.current = null;
  };
  const onScroll = () => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => draw(false));
  };

  const activate = (row: number, column: number) => {
    const to: Active = {
      row: Math.max(-1, Math.min(rows - 1, row)),
      column: Math.max(0, Math.min(columns.length, column)),
    };
    active.current = to;
    if (scroller.current) reveal(scroller.current, to, edges, columns, pinned.width);
    draw(false);
    setDescendant(cellId(name, to.row, to.column));
  };

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== scroller.current) return;
    stopReturning();
    const at = active.current ?? { row: 0, column: 0 };
    const jump = Math.max(1, Math.floor((scroller.current.clientHeight - HEADER_HEIGHT) / ROW_HEIGHT) - 1);
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
      End: [ends ? rows - 1 : at.row, columns.length],
    };
    const move = moves[event.key];
    if (move) activate(...move);
    else if (event.key === "Enter" || event.key === "o") {
      if (at.row < 0) props.onSort((at.column === 0 ? pinned : columns[at.column - 1])?.id ?? "");
      else props.onOpen(at.row, ends);
    } else if (event.key === "s") props.onSort((at.column === 0 ? pinned : columns[at.column - 1])?.id ?? "");
    else return;
    event.preventDefault();
  };

  const onClick = (event: MouseEvent<HTMLDivElement>) => {
    const cell = (event.target as HTMLElement).closest<HTMLElement>("[role=gridcell],[role=rowheader]");
    const [, row, column] = cell?.id.match(/-(\d+)-(\d+)$/) ?? [];
    if (row === undefined || column === undefined) return;
    activate(Number(row), Number(column));
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
    if (plain && (event.target as HTMLElement).closest("a")) {
      event.preventDefault();
      props.onOpen(Number(row), false);
    }
  };

  return (
    <div
      ref={scroller}
      className={props.dimmed ? "grid grid-dimmed" : "grid"}
      role="grid"
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={props.total + HEADER_ROWS}
      aria-colcount={columns.length + 1}
      aria-activedescendant={descendant}
      aria-busy={props.dimmed}
      onScroll={onScroll}
      onWheel={stopReturning}
      onPointerDown={stopReturning}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onFocus={(event) => {
        if (event.target === scroller.current && !active.current && rows > 0) activate(0, 0);
      }}
    >
      <GridHeader {...props} activeId={descendant} edges={edges} from={heading[0]} to={heading[1]} />
      <div ref={body} className="grid-body" role="rowgroup" />
    </div>
  );
}

/** Scrolls so that a cell is seen whole. */
function reveal(view: HTMLElement, at: Active, edges: readonly number[], columns: readonly GridColumn[], pinned: number): void {
  const top = at.row * ROW_HEIGHT;
  const bottom = top + ROW_HEIGHT;
  const height = view.clientHeight - HEADER_HEIGHT;
  if (at.row >= 0 && top < view.scrollTop) view.scrollTop = top;
  else if (bottom > view.scrollTop + height) view.scrollTop = bottom - height;
  const column = columns[at.column - 1];
  if (!column) return;
  const left = edges[at.column - 1] ?? 0;
  if (left < view.scrollLeft + pinned) view.scrollLeft = left - pinned;
  else if (left + column.width > view.scrollLeft + view.clientWidth) {
    view.scrollLeft = left + column.width - view.clientWidth;
  }
}
