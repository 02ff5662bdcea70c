/** The filters that were used last in an experiment, by this browser. */

const KEY = "clew.filters.";
const MOST = 20;

export function recentFilters(experimentId: string): string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY + experimentId) ?? "[]");
    return Array.isArray(stored) ? stored.filter((text) => typeof text === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** Puts a filter first. */
export function rememberFilter(experimentId: string, filter: string): void {
  if (!filter) return;
  const others = recentFilters(experimentId).filter((text) => text !== filter);
  try {
    localStorage.setItem(KEY + experimentId, JSON.stringify([filter, ...others].slice(0, MOST)));
  } catch {
    // Storage may be forbidden or full: then nothing is remembered.
  }
}
