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

let now = NOTHING;
const listeners = new Set<() => void>();

export const hover = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: (): Hover => now,
  /** For what shows runs and shares no x: it changes less often. */
  runId: (): string | null => now.runId,
  set(next: Hover): void {
    if (next.axis === now.axis && next.x === now.x && next.runId === now.runId && next.source === now.source) return;
    now = next;
    for (const listener of listeners) listener();
  },
  /** Ends what a source told. */
  clear(source: string): void {
    if (now.source === source) hover.set(NOTHING);
  },
};
