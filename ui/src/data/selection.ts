/** Which runs are selected: some by id, or all that match, without some. */

export interface Selection {
  /** All that match, without `ids`; else only `ids`. */
  all: boolean;
  ids: ReadonlySet<string>;
}

export const NOTHING: Selection = { all: false, ids: new Set() };
export const EVERYTHING: Selection = { all: true, ids: new Set() };

export function isSelected(selection: Selection, id: string): boolean {
  return selection.ids.has(id) !== selection.all;
}

/** How many are selected when `total` match. */
export function selectedCount(selection: Selection, total: number): number {
  return selection.all ? Math.max(0, total - selection.ids.size) : selection.ids.size;
}

/** Selects some runs, or takes them out. */
export function withRuns(selection: Selection, ids: readonly string[], selected: boolean): Selection {
  const next = new Set(selection.ids);
  for (const id of ids) {
    if (selected === selection.all) next.delete(id);
    else next.add(id);
  }
  return { all: selection.all, ids: next };
}

export function toggled(selection: Selection, id: string): Selection {
  return withRuns(selection, [id], !isSelected(selection, id));
}

/** More runs than these would make the address too long to share. */
const MOST_IN_ADDRESS = 40;
const ALL = "*";
const RUN_ID = /^[\w-]{1,64}$/;

/** Reads a selection from an address's field `sel`: ids, or "*" and the ids that are left out. */
export function decodeSelection(text: string | null): Selection {
  const parts = (text ?? "").split(",");
  const ids = parts.filter((id) => RUN_ID.test(id)).slice(0, MOST_IN_ADDRESS);
  return { all: parts[0] === ALL, ids: new Set(ids) };
}

/** The field for a selection; null for none, and for one that has no room in an address. */
export function encodeSelection({ all, ids }: Selection): string | null {
  if (ids.size > MOST_IN_ADDRESS) return null;
  return [...(all ? [ALL] : []), ...ids].join(",") || null;
}
