/** What the pointer is on, for the whole page: charts share their x, and a run lights up wherever it is shown. */

export interface Hover {
  /** What x counts: charts of another axis pass it over. */
  axis: string;
  x: number | null;
  runId: string | null;
  /** Who told it; it needs no telling. */
  source: string;
}

const NOTHING: Hover = { axis: "", x: null, runId: null, source: "" };
/** Between two changes of what lights up elsewhere: while the pointer sweeps over curves, each of its moves is at another run. */
const LIT_MS = 200;

let now = NOTHING;
const listeners = new Set<() => void>();
let lit: string | null = null;
const litListeners = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | undefined;

function light(): void {
  if (timer !== undefined || lit === now.runId) return;
  lit = now.runId;
  timer = setTimeout(() => {
    timer = undefined;
    light();
  }, LIT_MS);
  for (const listener of litListeners) listener();
}

export const hover = {
  /** Hears of every move. */
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: (): Hover => now,
  /** Hears when another run lights up, a few times a second at most. */
  subscribeLit(listener: () => void): () => void {
    litListeners.add(listener);
    return () => litListeners.delete(listener);
  },
  /** The run that lights up wherever it is shown. */
  lit: (): string | null => lit,
  set(next: Hover): void {
    if (next.axis === now.axis && next.x === now.x && next.runId === now.runId && next.source === now.source) return;
    now = next;
    for (const listener of listeners) listener();
    light();
  },
  /** Ends what a source told. */
  clear(source: string): void {
    if (now.source === source) hover.set(NOTHING);
  },
};
