/**
 * The lines of a runs table: runs as a plain list, in groups, or below their parents. Groups and parents are opened one by one,
 * and the runs below each come in pages of their own.
 */
import type { GroupKey, RunGroup, RunPage } from "../api/types";
import { allOf, idTerm, quoteText } from "./filtertext";
import { GroupList, type FetchGroups, type GroupOrder } from "./grouplist";
import { groupItems, Outline, runItems, type Line } from "./outline";
import { RunPages, type PageRequest, type Position } from "./runpages";

export interface TableSpec {
  filter: string;
  order: readonly string[];
  /** Empty for none. */
  groups: readonly GroupKey[];
  groupOrder: GroupOrder;
  nested: boolean;
}

export interface TableBackend {
  runs: (filter: string, order: readonly string[], request: PageRequest, signal: AbortSignal) => Promise<RunPage>;
  groups: (filter: string) => FetchGroups;
}

const PARENT = "tags.`mlflow.parentRunId`";
const PARENT_COLUMN = "tags.mlflow.parentRunId";
const GROUP_PAGE = 100;
const SAMPLED_GROUPS = 40;
/** Parents whose children are counted; and parents that are kept where only children of theirs match. */
const PARENTS = 1000;
const KEPT_PARENTS = 200;

export class RunTree {
  private readonly listeners = new Set<() => void>();
  private readonly pages = new Set<RunPages>();
  private readonly groups: GroupList | null = null;
  private children: ReadonlyMap<string, number> = new Map();
  private root: Outline | null = null;
  private main: RunPages | null = null;
  private needed: readonly string[] = [];
  private closed = false;
  private rooting = false;
  private readonly abort = new AbortController();
  private lastRow = -1;
  private lastLine: Line | null = null;

  /** Changes with every change of lines or values. */
  revision = 0;

  constructor(
    private readonly backend: TableBackend,
    readonly spec: TableSpec,
  ) {
    const by = spec.nested ? [{ column: PARENT_COLUMN }] : [...spec.groups];
    if (by.length) {
      const order = spec.nested ? { sort: "runs", descending: true } : spec.groupOrder;
      const page = spec.nested ? PARENTS : GROUP_PAGE;
      this.groups = new GroupList(backend.groups(spec.filter), by, order, page, this.groupsChanged);
    }
    if (!this.groups) this.showRuns(spec.filter);
    else if (!spec.nested) this.root = new Outline(groupItems(this.groups), 0);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  close(): void {
    this.closed = true;
    this.abort.abort();
    this.listeners.clear();
    this.groups?.close();
    for (const pages of this.pages) pages.close();
  }

  get grouped(): boolean {
    return this.groups !== null && !this.spec.nested;
  }

  get position(): Position {
    if (this.error) return "failed";
    const ready = this.grouped ? this.groups?.ready : this.main?.position === "ready";
    return ready ? "ready" : "loading";
  }

  get error(): Error | null {
    for (const pages of this.pages) if (pages.error) return pages.error;
    return this.groups?.error ?? null;
  }

  /** Runs that match. */
  get total(): number {
    return this.groups?.runs ?? this.main?.total ?? 0;
  }

  /** Groups; 0 where runs are not grouped. */
  get groupCount(): number {
    return this.grouped ? (this.groups?.total ?? 0) : 0;
  }

  /** Some groups that are here. */
  get groupSample(): readonly RunGroup[] {
    return this.grouped ? (this.groups?.groups.slice(0, SAMPLED_GROUPS) ?? []) : [];
  }

  /** Runs of the plain list that are here; all of them where there are groups or children. */
  get loaded(): number {
    return this.groups ? this.total : (this.main?.loaded ?? 0);
  }

  get updated(): number {
    return Math.max(this.groups?.updated ?? 0, ...[...this.pages].map((pages) => pages.updated));
  }

  get waiting(): number {
    return this.main?.waiting ?? 0;
  }

  /** The server's `rev` of the lines; undefined while none are here, and for groups. */
  get rev(): string | undefined {
    return this.groups ? undefined : this.main?.rev;
  }

  /** Lines to make room for. */
  get length(): number {
    return this.root?.length ?? 0;
  }

  at(row: number): Line {
    if (row !== this.lastRow || !this.lastLine) {
      this.lastRow = row;
      this.lastLine = this.root?.at(row) ?? { kind: "waiting", level: 0 };
    }
    return this.lastLine;
  }

  /** The ids of the runs in rows `from` to `to`, as far as they are here. */
  idsIn(from: number, to: number): string[] {
    const ids: string[] = [];
    for (let row = Math.min(from, to); row <= Math.max(from, to); row += 1) {
      const line = this.at(row);
      if (line.kind === "run") ids.push(line.key);
    }
    return ids;
  }

  /** Some runs that are here, to measure columns by. */
  sample(count: number): [RunPages, number][] {
    const found: [RunPages, number][] = [];
    for (const pages of this.pages) {
      for (let row = 0; row < pages.loaded && found.length < count; row += 1) found.push([pages, row]);
    }
    return found;
  }

  /** The least and greatest finite number of a column over what is loaded; null when there are none. */
  range(column: string): [number, number] | null {
    let range: [number, number] | null = null;
    for (const pages of this.pages) {
      const own = pages.range(column);
      if (own) range = range ? [Math.min(range[0], own[0]), Math.max(range[1], own[1])] : own;
    }
    return range;
  }

  /** Says which columns of runs are on screen, and which numbers of groups. */
  need(columns: readonly string[], described: readonly string[]): void {
    this.needed = columns;
    for (const pages of this.pages) pages.need(columns);
    this.groups?.need(this.spec.nested ? [] : described);
  }

  look(first: number, last: number): void {
    if (this.closed) return;
    if (this.spec.nested && !this.root) this.groups?.look(0);
    else this.root?.look(first, last);
  }

  /** Opens or closes a line. */
  toggle(row: number): void {
    const line = this.at(row);
    if (line.kind === "waiting" || !this.root) return;
    const home = this.root.homeOf(row);
    if (home.has(line.key)) home.close(line.key);
    else if (line.kind === "group") home.open(line.key, this.below(line.group.filter, home.level + 1));
    else if (line.children) home.open(line.key, this.below(`${PARENT} = ${quoteText(line.key)}`, home.level + 1));
    this.changed();
  }

  retry(): void {
    if (this.groups?.error) this.groups.retry();
    for (const pages of this.pages) if (pages.error) pages.retry();
  }

  /**
   * Asks again for what is on screen. New runs at the top are shown at once when `insert` is true, else counted in `waiting`.
   * Failures are passed on and change nothing.
   */
  async refresh(first: number, last: number, insert: boolean): Promise<void> {
    const seen = new Map<RunPages, [number, number]>(this.main ? [[this.main, [0, 0]]] : []);
    for (let row = first; row <= Math.min(last, this.length - 1); row += 1) {
      const line = this.at(row);
      if (line.kind !== "run") continue;
      const range = seen.get(line.pages);
      seen.set(line.pages, range ? [Math.min(range[0], line.row), Math.max(range[1], line.row)] : [line.row, line.row]);
    }
    await this.groups?.refresh();
    for (const [pages, [from, to]] of seen) await pages.refresh(from, to, insert || pages !== this.main);
  }

  private fetcher(filter: string, order: readonly string[]): RunPages {
    const pages = new RunPages((request, signal) => this.backend.runs(filter, order, request, signal));
    pages.need(this.needed);
    pages.subscribe(this.changed);
    this.pages.add(pages);
    return pages;
  }

  private showRuns(filter: string): void {
    this.main = this.fetcher(filter, this.spec.order);
    this.root = new Outline(runItems(this.main, (id) => this.children.get(id) ?? 0), 0);
  }

  private below(filter: string, level: number): Outline {
    const pages = this.fetcher(allOf([this.spec.filter, filter]), this.spec.order);
    pages.look(0, 0);
    return new Outline(runItems(pages, (id) => (this.spec.nested ? (this.children.get(id) ?? 0) : 0)), level);
  }

  private groupsChanged = (): void => {
    if (this.spec.nested && this.groups?.ready) {
      const parents = this.groups.groups.flatMap(({ labels: [label], runs }) => (label?.text ? [[label.text, runs] as const] : []));
      this.children = new Map(parents);
      if (!this.root && !this.rooting) void this.findRoots(parents.map(([id]) => id));
    }
    this.changed();
  };

  /** Shows the outermost runs: those without a parent, or whose parent is not among the runs any more. */
  private async findRoots(parents: readonly string[]): Promise<void> {
    this.rooting = true;
    const some = parents.slice(0, KEPT_PARENTS);
    let there = new Set(some);
    if (some.length) {
      try {
        const request = { max_results: KEPT_PARENTS, columns: [] };
        const { runs = [] } = await this.backend.runs(idTerm(some), [], request, this.abort.signal);
        there = new Set(runs.map((run) => run.run_id));
      } catch {
        // Then runs whose parent is gone are not found; what else there is, is.
      }
    }
    if (this.closed) return;
    this.showRuns(rootsFilter(this.spec.filter, some, some.filter((id) => !there.has(id))));
    this.look(0, 0);
    this.changed();
  }

  private changed = (): void => {
    if (this.closed) return;
    this.revision += 1;
    this.lastRow = -1;
    this.lastLine = null;
    this.root?.settle();
    for (const listener of this.listeners) listener();
  };
}

/** Outermost runs that match, or that have a child that does. `gone`: parents whose children are outermost. */
function rootsFilter(filter: string, parents: readonly string[], gone: readonly string[]): string {
  const alone = `${PARENT} IS NULL`;
  const outermost = gone.length ? `(${alone} OR ${PARENT} IN (${gone.map(quoteText).join(", ")}))` : alone;
  if (!filter) return outermost;
  return `${parents.length ? `((${filter}) OR ${idTerm(parents)})` : `(${filter})`} AND ${outermost}`;
}
