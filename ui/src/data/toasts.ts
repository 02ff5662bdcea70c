/** Short messages about what was done, at the edge of the page. One list for the whole page. */

export interface ToastAction {
  label: string;
  run: () => void;
}

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "bad";
  action?: ToastAction;
}

const SHOWN_MS = 6000;
/** A message with a way back stays longer. */
const ACTION_MS = 10_000;
const MAX_SHOWN = 3;

let shown: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();

function put(toasts: readonly Toast[]): void {
  shown = toasts;
  for (const listener of listeners) listener();
}

export const toasts = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: (): readonly Toast[] => shown,
  show(text: string, options: { tone?: Toast["tone"]; action?: ToastAction } = {}): void {
    const toast: Toast = { id: next, text, tone: options.tone ?? "plain" };
    if (options.action) toast.action = options.action;
    next += 1;
    put([...shown, toast].slice(-MAX_SHOWN));
    setTimeout(() => toasts.close(toast.id), options.action ? ACTION_MS : SHOWN_MS);
  },
  close(id: number): void {
    if (shown.some((toast) => toast.id === id)) put(shown.filter((toast) => toast.id !== id));
  },
};
