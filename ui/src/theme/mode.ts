/** The theme: what the reader chose, and what the page shows. The script in index.html does the same before the first paint. */

export type ThemeChoice = "light" | "dark" | "system";
export type Theme = "light" | "dark";

const KEY = "clew.theme";
const CHOICES: readonly string[] = ["light", "dark", "system"];
const listeners = new Set<() => void>();
const system = matchMedia("(prefers-color-scheme: dark)");

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return value !== null && CHOICES.includes(value) ? (value as ThemeChoice) : "system";
  } catch {
    return "system";
  }
}

let choice = stored();

function apply(): void {
  document.documentElement.dataset.theme = theme.shown();
  for (const listener of listeners) listener();
}

export const theme = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  choice: (): ThemeChoice => choice,
  shown: (): Theme => (choice === "system" ? (system.matches ? "dark" : "light") : choice),
  choose(next: ThemeChoice): void {
    choice = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      // Storage may be forbidden: the choice then holds for this page only.
    }
    apply();
  },
};

system.addEventListener("change", apply);
