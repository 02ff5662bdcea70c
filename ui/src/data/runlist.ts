/** The list that a run was opened from: where it is, and what stands before and after the run. One for the tab. */

const KEY = "clew.list";
/** Runs that are kept on each side of the opened one. */
const AROUND = 250;

interface RunList {
  /** Path and query of the page with the list. */
  page: string;
  ids: readonly string[];
}

export interface PlaceInList {
  page: string;
  before: string | undefined;
  after: string | undefined;
}

/** Keeps the runs around `runId` of a list. */
export function keepRunList(page: string, ids: readonly string[], runId: string): void {
  const at = Math.max(0, ids.indexOf(runId));
  const list: RunList = { page, ids: ids.slice(Math.max(0, at - AROUND), at + AROUND + 1) };
  sessionStorage.setItem(KEY, JSON.stringify(list));
}

function readList(): RunList | null {
  try {
    const list = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Partial<RunList> | null;
    return list && typeof list.page === "string" && Array.isArray(list.ids) ? { page: list.page, ids: list.ids } : null;
  } catch {
    return null;
  }
}

/** Where a run stands in the list that was kept last; null where it is not in it. */
export function placeInList(runId: string): PlaceInList | null {
  const list = readList();
  const at = list?.ids.indexOf(runId) ?? -1;
  return list && at >= 0 ? { page: list.page, before: list.ids[at - 1], after: list.ids[at + 1] } : null;
}
