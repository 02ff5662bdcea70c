/**
 * The rows of one runs query: keyset pages joined to an endless list, columns fetched when they are first looked at.
 *
 * A page is asked for by the token of the one before, so pages come in order; values of a column are kept per page.
 */
import type { CellValue, RunHead, RunPage } from "../api/types";

export interface PageRequest {
  page_token?: string;
  max_results: number;
  /** Wire names: "params.lr". */
  columns: string[];
}

/** Answers one page; rejects when it was aborted or failed. */
export type FetchPage = (request: PageRequest, signal: AbortSignal) => Promise<RunPage>;

interface Page {
  token: string | undefined;
  size: number;
  start: number;
  runs: RunHead[];
  columns: Map<string, CellValue[]>;
  /** Columns on their way. */
  asked: Set<string>;
}

const FIRST_PAGE = 100;
const LATER_PAGE = 500;
/** Rows beyond the visible ones that should be there before they are looked at. */
const AHEAD = 150;
/** With fewer rows left than these, more are asked for at once. */
const SOON = 20;
const PAINT_MS = 100;

export type Position = "loading" | "ready" | "failed";

/** Undefined: not here yet. Null: the run has no such value. */
export type Cell = CellValue | undefined;

export class RunPages {
  private pages: Page[] = [];
  private nextToken: string | undefined;
  private complete = false;
  private readonly abort = new AbortController();
  private fetching = false;
  private frame: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private listeners = new Set<() => void>();
  private needed: readonly string[] = [];
  private ranges = new Map<string, [number, number] | null>();
  private rows: Map<string, number> | null = null;
  private restarted = false;

  total = 0;
  position: Position = "loading";
  error: Error | null = null;
  /** When rows last came, in ms; 0 before. */
  updated = 0;
  /** Runs that came since the rows were fetched and that are not shown. */
  waiting = 0;
  /** The server's `rev` of the oldest page. */
  rev: string | undefined;
  /** Changes with every change of rows or values. */
  revision = 0;

  constructor(private readonly fetchPage: FetchPage) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Ends all requests; nothing is told to listeners afterwards. */
  close(): void {
    this.abort.abort();
    this.forgetSoon();
    this.listeners.clear();
  }

  /** Rows that are here. */
  get loaded(): number {
    const last = this.pages.at(-1);
    return last ? last.start + last.runs.length : 0;
  }

  /** Whether there are rows after the loaded ones. */
  get more(): boolean {
    return !this.complete;
  }

  run(row: number): RunHead | undefined {
    const page = this.pageOf(row);
    return page?.runs[row - page.start];
  }

  cell(row: number, column: string): Cell {
    const page = this.pageOf(row);
    return page?.columns.get(column)?.[row - page.start];
  }

  /** The row of a run; -1 while it is not loaded. */
  find(runId: string): number {
    if (!this.rows) {
      this.rows = new Map();
      for (const page of this.pages) {
        for (const [index, run] of page.runs.entries()) this.rows.set(run.run_id, page.start + index);
      }
    }
    return this.rows.get(runId) ?? -1;
  }

  /** The least and greatest finite number of a column over the loaded rows; null when there are none. */
  range(column: string): [number, number] | null {
    const known = this.ranges.get(column);
    if (known !== undefined) return known;
    let low = Infinity;
    let high = -Infinity;
    for (const page of this.pages) {
      for (const value of page.columns.get(column) ?? []) {
        if (typeof value === "number") {
          if (value < low) low = value;
          if (value > high) high = value;
        }
      }
    }
    const range: [number, number] | null = low <= high ? [low, high] : null;
    this.ranges.set(column, range);
    return range;
  }

  /** Says which columns are on screen; missing ones are fetched for the pages that are looked at. */
  need(columns: readonly string[]): void {
    this.needed = columns;
  }

  /** Makes sure that rows `first` to `last` are here or on their way. */
  look(first: number, last: number): void {
    if (this.abort.signal.aborted) return;
    if (!this.complete && this.position !== "failed" && last + AHEAD >= this.loaded) {
      // The second page is only in case: the first one is to be painted before it is asked for, however long that takes.
      const inCase = this.pages.length === 1 && last + SOON < this.loaded;
      if (!inCase) void this.append();
      // Each new run begins the list anew: what is only in case is not fetched with each of them.
      else if (!this.restarted) this.frame ??= requestAnimationFrame(this.appendSoon);
    }
    for (const page of this.pages) {
      if (page.start <= last && page.start + page.runs.length > first) void this.fill(page);
    }
  }

  /** Asks again after a failure. */
  retry(): void {
    this.position = this.pages.length ? "ready" : "loading";
    this.error = null;
    this.emit();
    void this.append();
  }

  /**
   * Asks again for what is on screen. New runs at the top are shown at once when `insert` is true, else counted in `waiting`.
   * Failures are passed on and change nothing.
   */
  async refresh(first: number, last: number, insert: boolean): Promise<void> {
    const head = this.pages[0];
    if (!head || this.fetching) return;
    const seen = this.pages.filter((page) => page.start <= last && page.start + page.runs.length > first);
    const fresh = await this.ask(head, this.needed);
    const ids = (fresh.runs ?? []).map((run) => run.run_id).join();
    const same = ids === head.runs.map((run) => run.run_id).join();
    if (same || insert) {
      if (same) this.fold(head, fresh, this.needed);
      else this.restart(fresh);
      this.waiting = 0;
    } else {
      this.waiting = Math.max(fresh.total - this.total, 1);
    }
    if (same || insert) this.total = fresh.total;
    this.rev = fresh.rev;
    for (const page of seen) {
      if (page !== head && this.pages.includes(page)) this.fold(page, await this.ask(page, this.needed), this.needed);
    }
    this.changed();
  }

  private appendSoon = (): void => {
    this.timer = setTimeout(() => void this.append(), PAINT_MS);
  };

  private forgetSoon(): void {
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
  }

  private restart(fresh: RunPage): void {
    this.forgetSoon();
    this.restarted = true;
    this.pages = [];
    this.rows = null;
    this.accept(fresh, undefined, FIRST_PAGE, this.needed);
  }

  private pageOf(row: number): Page | undefined {
    if (row < 0 || row >= this.loaded) return undefined;
    const index = row < FIRST_PAGE ? 0 : 1 + Math.floor((row - FIRST_PAGE) / LATER_PAGE);
    return this.pages[index];
  }

  private ask(page: Pick<Page, "token" | "size">, columns: readonly string[]): Promise<RunPage> {
    const request: PageRequest = { max_results: page.size, columns: [...columns] };
    if (page.token) request.page_token = page.token;
    return this.fetchPage(request, this.abort.signal);
  }

  private async append(): Promise<void> {
    if (this.fetching || this.complete) return;
    this.fetching = true;
    const size = this.pages.length ? LATER_PAGE : FIRST_PAGE;
    const token = this.nextToken;
    const columns = this.needed;
    try {
      const answer = await this.ask({ token, size }, columns);
      this.accept(answer, token, size, columns);
      this.total = answer.total;
      this.rev ??= answer.rev;
      this.position = "ready";
      this.error = null;
    } catch (cause) {
      if (this.abort.signal.aborted) return;
      this.position = "failed";
      this.error = cause instanceof Error ? cause : new Error(String(cause));
    } finally {
      this.fetching = false;
    }
    this.changed();
  }

  private accept(answer: RunPage, token: string | undefined, size: number, columns: readonly string[]): void {
    const page: Page = { token, size, start: this.loaded, runs: answer.runs ?? [], columns: new Map(), asked: new Set() };
    this.store(page, answer, columns);
    this.pages.push(page);
    this.nextToken = answer.next_page_token;
    this.complete = !answer.next_page_token;
  }

  private store(page: Page, answer: RunPage, columns: readonly string[]): void {
    for (const column of columns) {
      page.columns.set(column, answer.columns?.[column] ?? page.runs.map(() => null));
      page.asked.add(column);
    }
    this.ranges.clear();
  }

  private async fill(page: Page): Promise<void> {
    const missing = this.needed.filter((column) => !page.asked.has(column));
    if (!missing.length) return;
    for (const column of missing) page.asked.add(column);
    try {
      this.fold(page, await this.ask(page, missing), missing);
    } catch {
      for (const column of missing) page.asked.delete(column);
      return;
    }
    this.changed();
  }

  /** Takes values over by run, as rows may have moved since the page was asked for first. */
  private fold(page: Page, answer: RunPage, columns: readonly string[]): void {
    const place = new Map((answer.runs ?? []).map((run, index) => [run.run_id, index]));
    for (const [row, run] of page.runs.entries()) {
      const index = place.get(run.run_id);
      const fresh = index === undefined ? undefined : answer.runs?.[index];
      if (fresh) page.runs[row] = fresh;
    }
    for (const column of columns) {
      const old = page.columns.get(column);
      const values = answer.columns?.[column];
      page.columns.set(
        column,
        page.runs.map((run, row) => {
          const index = place.get(run.run_id);
          return index === undefined ? (old?.[row] ?? null) : (values?.[index] ?? null);
        }),
      );
      page.asked.add(column);
    }
    this.ranges.clear();
  }

  private changed(): void {
    if (this.abort.signal.aborted) return;
    this.updated = Date.now();
    this.emit();
  }

  private emit(): void {
    this.revision += 1;
    this.rows = null;
    for (const listener of this.listeners) listener();
  }
}
