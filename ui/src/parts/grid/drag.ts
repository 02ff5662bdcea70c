import { useRef, useState, type PointerEvent } from "react";
import type { GridColumn } from "./model";

export interface DragActions {
  /** Null: as wide as its values need. */
  onResize: (column: string, width: number | null) => void;
  /** Puts a column before another one; null: at the end. */
  onMove: (column: string, before: string | null) => void;
}

interface ColumnDrag {
  /** Where the line stands that shows what a drag will do, in px of the scrolled part; null while there is none. */
  line: number | null;
  /** The column that is being moved. */
  moving: string | null;
  resize: (event: PointerEvent, column: GridColumn) => void;
  move: (event: PointerEvent, column: GridColumn) => void;
  /** Whether the click that comes now only ends a drag. */
  justMoved: () => boolean;
}

/** The pointer has to move so far before it is a drag and no click. */
const SLACK = 6;
const MIN_WIDTH = 48;
const MAX_WIDTH = 900;

/** Columns that are made wider, or put elsewhere, with the pointer. A line shows the result; the columns change at the end. */
export function useColumnDrag(columns: readonly GridColumn[], edges: readonly number[], actions: DragActions): ColumnDrag {
  const [line, setLine] = useState<number | null>(null);
  const [moving, setMoving] = useState<string | null>(null);
  const moved = useRef(false);

  const follow = (event: PointerEvent, onMove: (dx: number, x: number) => void, onEnd: () => void) => {
    if (event.button !== 0) return;
    const head = event.currentTarget.closest(".grid-head");
    const start = event.clientX;
    const step = (next: globalThis.PointerEvent) => {
      const box = head?.getBoundingClientRect();
      onMove(next.clientX - start, next.clientX - (box?.left ?? 0));
    };
    const end = () => {
      removeEventListener("pointermove", step);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      setLine(null);
      setMoving(null);
      onEnd();
    };
    addEventListener("pointermove", step);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  };

  return {
    line,
    moving,
    justMoved: () => moved.current,
    resize: (event, column) => {
      event.preventDefault();
      event.stopPropagation();
      let width = column.width;
      const index = columns.indexOf(column);
      const left = index < 0 ? 0 : (edges[index] ?? 0);
      follow(
        event,
        (dx) => {
          width = Math.round(Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, column.width + dx)));
          if (index >= 0) setLine(left + width);
        },
        () => {
          if (width !== column.width) actions.onResize(column.id, width);
        },
      );
    },
    move: (event, column) => {
      moved.current = false;
      let before: string | null | undefined;
      follow(
        event,
        (dx, x) => {
          if (!moved.current && Math.abs(dx) < SLACK) return;
          moved.current = true;
          setMoving(column.id);
          const index = columns.findIndex((other, at) => x < (edges[at] ?? 0) + other.width / 2);
          before = index < 0 ? null : columns[index]?.id;
          setLine(edges[index < 0 ? columns.length : index] ?? 0);
        },
        () => {
          if (before !== undefined) actions.onMove(column.id, before);
          setTimeout(() => (moved.current = false));
        },
      );
    },
  };
}
