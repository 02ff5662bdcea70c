/** Whether pages ask again by themselves, and whether the server answers. One for the whole page. */

export type Connection = "live" | "reconnecting" | "paused";

let paused = false;
let reachable = true;
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

export const live = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get(): Connection {
    if (paused) return "paused";
    return reachable ? "live" : "reconnecting";
  },
  toggle(): void {
    paused = !paused;
    tell();
  },
  /** Called after each request: did an answer come? */
  report(answered: boolean): void {
    if (reachable === answered) return;
    reachable = answered;
    tell();
  },
};
