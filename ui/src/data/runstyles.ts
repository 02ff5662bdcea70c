/** Which colour and dash a run has: the same in every chart, and two drawn runs differ as long as there are styles. */

/** Eight colours, each whole, dashed and dotted. */
export const STYLES = 24;
/** Runs beyond the styles are grey. */
export const GREY = -1;

const REMEMBERED = 400;

/**
 * A style for each drawn run, in the order of the list: the one it has, if no run before it took that; else the first free
 * one; grey where all are taken. `kept` is what runs had before.
 */
export function assignStyles(runIds: readonly string[], kept: ReadonlyMap<string, number>): Map<string, number> {
  const result = new Map<string, number>();
  const taken = new Set<number>();
  for (const runId of runIds) {
    const style = kept.get(runId);
    if (style === undefined || style < 0 || style >= STYLES || taken.has(style)) continue;
    taken.add(style);
    result.set(runId, style);
  }
  let free = 0;
  for (const runId of runIds) {
    if (result.has(runId)) continue;
    while (taken.has(free)) free += 1;
    result.set(runId, free < STYLES ? free : GREY);
    if (free < STYLES) taken.add(free);
  }
  return result;
}

const storageKey = (scope: string) => `clew.styles.${scope}`;

/** The styles that an experiment's runs had when they were drawn last. */
export function rememberedStyles(scope: string): Map<string, number> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey(scope)) ?? "[]");
    if (!Array.isArray(stored)) return new Map();
    const pairs = stored.filter((pair): pair is [string, number] => Array.isArray(pair) && typeof pair[1] === "number");
    return new Map(pairs.map(([runId, style]) => [String(runId), style]));
  } catch {
    return new Map();
  }
}

/** Keeps the styles of the drawn runs, before those of runs that were drawn earlier. */
export function rememberStyles(scope: string, styles: ReadonlyMap<string, number>): void {
  const all = new Map([...styles].filter(([, style]) => style >= 0));
  for (const [runId, style] of rememberedStyles(scope)) if (!all.has(runId)) all.set(runId, style);
  try {
    localStorage.setItem(storageKey(scope), JSON.stringify([...all].slice(0, REMEMBERED)));
  } catch {
    // Storage may be forbidden: the styles then hold for this page only.
  }
}

let drawn: ReadonlyMap<string, number> = new Map();
let revision = 0;
const listeners = new Set<() => void>();

/** The styles of the runs that charts on this page draw now: whoever lists runs may show them. */
export const drawnStyles = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: (): ReadonlyMap<string, number> => drawn,
  /** Changes with every change. */
  revision: (): number => revision,
  set(next: ReadonlyMap<string, number>): void {
    drawn = next;
    revision += 1;
    for (const listener of listeners) listener();
  },
};
