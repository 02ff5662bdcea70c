/** The groups of one query, with statistics of their runs; they come a page at a time. */
import type { GroupKey, GroupPage, RunGroup } from "../api/types";

export interface GroupRequest {
  by: GroupKey[];
  columns: string[];
  sort: string;
  descending: boolean;
  limit: number;
  offset: number;
}

export type FetchGroups = (request: GroupRequest, signal: AbortSignal) => Promise<GroupPage>;

export interface GroupOrder {
  sort: string;
  descending: boolean;
}

const AHEAD = 50;
/** The most columns that one answer describes. */
const MAX_COLUMNS = 50;

export class GroupList {
  private readonly abort = new AbortController();
  private columns: readonly string[] = [];
  private fetching = false;
  private places: Map<string, number> | null = null;

  groups: RunGroup[] = [];
  /** How many groups there are. */
  total = 0;
  /** How many runs match. */
  runs = 0;
  ready = false;
  /** When groups last came, in ms; 0 before. */
  updated = 0;
  error: Error | null = null;

  constructor(
    private readonly fetchGroups: FetchGroups,
    private readonly by: GroupKey[],
    private readonly order: GroupOrder,
    private readonly page: number,
    private readonly onChange: () => void,
  ) {}

  close(): void {
    this.abort.abort();
  }

  /** Says which numbers are described; new ones are asked for. */
  need(columns: readonly string[]): void {
    const wanted = columns.slice(0, MAX_COLUMNS);
    const missing = wanted.some((column) => !this.columns.includes(column));
    if (!missing) return;
    this.columns = wanted;
    if (this.ready) void this.load(0, this.groups.length);
  }

  /** Where the group with this filter stands; -1 when it is not here. */
  find(filter: string): number {
    this.places ??= new Map(this.groups.map((group, index) => [group.filter, index]));
    return this.places.get(filter) ?? -1;
  }

  /** Makes sure that the groups up to `last` are here or on their way. */
  look(last: number): void {
    const more = !this.ready || (this.groups.length < this.total && last + AHEAD >= this.groups.length);
    if (more && !this.error) void this.load(this.groups.length, this.page);
  }

  retry(): void {
    this.error = null;
    this.onChange();
    void this.load(this.groups.length, this.page);
  }

  /** Asks again for what is here. A failure is passed on and changes nothing. */
  refresh(): Promise<void> {
    return this.load(0, Math.max(this.groups.length, this.page), true);
  }

  private async load(offset: number, limit: number, again = false): Promise<void> {
    if (this.fetching || this.abort.signal.aborted) return;
    this.fetching = true;
    try {
      const request = { by: this.by, columns: [...this.columns], ...this.order, offset, limit: Math.min(limit, 1000) };
      const answer = await this.fetchGroups(request, this.abort.signal);
      this.groups = [...this.groups.slice(0, offset), ...(answer.groups ?? [])];
      this.places = null;
      this.total = answer.total ?? this.groups.length;
      this.runs = answer.runs ?? 0;
      this.ready = true;
      this.updated = Date.now();
      this.error = null;
    } catch (cause) {
      if (this.abort.signal.aborted) return;
      if (again && this.ready) throw cause;
      this.error = cause instanceof Error ? cause : new Error(String(cause));
    } finally {
      this.fetching = false;
    }
    if (!this.abort.signal.aborted) this.onChange();
  }
}
