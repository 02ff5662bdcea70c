/** A list in which lines can be opened: the lines below them stand between theirs and the next. */
import type { RunGroup, RunHead } from "../api/types";
import type { GroupList } from "./grouplist";
import type { Cell, RunPages } from "./runpages";

export interface RunLine {
  kind: "run";
  /** The run's id. */
  key: string;
  run: RunHead;
  /** Where its values are: `pages.cell(row, column)`. */
  pages: RunPages;
  row: number;
  /** 0 for the outermost. */
  level: number;
  /** Runs below it that it can be opened to show. */
  children: number;
  open: boolean;
}

export interface GroupLine {
  kind: "group";
  /** The group's own filter. */
  key: string;
  group: RunGroup;
  level: number;
  open: boolean;
}

/** A line that is not here yet. */
export interface WaitingLine {
  kind: "waiting";
  level: number;
}

export type Line = RunLine | GroupLine | WaitingLine;

/** A cell of a line; undefined while it is not here, null where the run has no such value. */
export function cellOf(line: Line, column: string): Cell {
  return line.kind === "run" ? line.pages.cell(line.row, column) : undefined;
}

interface Items {
  readonly count: number;
  line(index: number, level: number, opened: ReadonlyMap<string, Outline>): Line;
  /** -1 for what is not here. */
  find(key: string): number;
  look(first: number, last: number): void;
}

/** Waiting lines after the last loaded one while there are more. */
const COMING = 20;

export function runItems(pages: RunPages, childrenOf: (runId: string) => number): Items {
  return {
    get count() {
      return Math.min(pages.total, pages.loaded + (pages.more ? COMING : 0));
    },
    line(row, level, opened) {
      const run = pages.run(row);
      if (!run) return { kind: "waiting", level };
      const key = run.run_id;
      return { kind: "run", key, run, pages, row, level, children: childrenOf(key), open: opened.has(key) };
    },
    find: (key) => pages.find(key),
    look: (first, last) => pages.look(first, last),
  };
}

export function groupItems(list: GroupList): Items {
  return {
    get count() {
      return Math.min(list.total, list.groups.length + COMING);
    },
    line(index, level, opened) {
      const group = list.groups[index];
      if (!group) return { kind: "waiting", level };
      return { kind: "group", key: group.filter, group, level, open: opened.has(group.filter) };
    },
    find: (key) => list.find(key),
    look: (_first, last) => list.look(last),
  };
}

export class Outline {
  private readonly opened = new Map<string, Outline>();
  /** What is opened, in the order of its lines: [index of the line, what is below it]. */
  private places: [number, Outline][] = [];

  constructor(
    private readonly items: Items,
    readonly level: number,
  ) {}

  get length(): number {
    return this.places.reduce((sum, [, below]) => sum + below.length, this.items.count);
  }

  has(key: string): boolean {
    return this.opened.has(key);
  }

  open(key: string, below: Outline): void {
    this.opened.set(key, below);
    this.settle();
  }

  close(key: string): void {
    this.opened.delete(key);
    this.settle();
  }

  /** Finds the places of what is opened again, after lines came or moved. */
  settle(): void {
    this.places = [];
    for (const [key, below] of this.opened) {
      below.settle();
      const index = this.items.find(key);
      if (index >= 0) this.places.push([index, below]);
    }
    this.places.sort(([a], [b]) => a - b);
  }

  at(row: number): Line {
    let index = row;
    for (const [place, below] of this.places) {
      if (index <= place) break;
      const inside = index - place - 1;
      if (inside < below.length) return below.at(inside);
      index -= below.length;
    }
    return this.items.line(index, this.level, this.opened);
  }

  /** The outline that a row is a line of. */
  homeOf(row: number): Outline {
    let index = row;
    for (const [place, below] of this.places) {
      if (index <= place) break;
      const inside = index - place - 1;
      if (inside < below.length) return below.homeOf(inside);
      index -= below.length;
    }
    return this;
  }

  /** Makes sure that rows `first` to `last` are here or on their way. */
  look(first: number, last: number): void {
    let before = 0;
    for (const [place, below] of this.places) {
      const start = place + 1 + before;
      const [from, to] = [Math.max(0, first - start), Math.min(below.length - 1, last - start)];
      if (from <= to || (below.length === 0 && start >= first && start <= last + 1)) below.look(from, Math.max(from, to));
      before += below.length;
    }
    this.items.look(this.own(first), this.own(last));
  }

  /** The index among the outline's own lines of a row, or of the line that the row is below. */
  private own(row: number): number {
    let index = row;
    for (const [place, below] of this.places) {
      if (index <= place) break;
      if (index - place - 1 < below.length) return place;
      index -= below.length;
    }
    return index;
  }
}
