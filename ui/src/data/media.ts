/** Files that are logged over steps: their names say key, step and time. */
import type { ArtifactEntry } from "../api/types";

export interface StepFile {
  path: string;
  key: string;
  step: number;
  /** ms since 1970. */
  timestamp: number;
}

const NAME = /^(?:.*\/)?([^/]+)\+step\+(-?\d+)\+timestamp\+(\d+)\+([^/]+)$/;

/** What a file's name says; null for files of other kinds, and for the small copies of images. */
export function readStepFile(path: string): StepFile | null {
  const [, key, step, timestamp, rest = ""] = path.match(NAME) ?? [];
  if (key === undefined || rest.includes("+compressed")) return null;
  return { path, key: key.replaceAll("~", "/"), step: Number(step), timestamp: Number(timestamp) };
}

/** Files by key, in the order of their steps. */
export function byKey(files: readonly ArtifactEntry[]): Map<string, StepFile[]> {
  const found = new Map<string, StepFile[]>();
  for (const entry of files) {
    const file = entry.is_dir ? null : readStepFile(entry.path);
    if (!file) continue;
    const own = found.get(file.key);
    if (own) own.push(file);
    else found.set(file.key, [file]);
  }
  for (const own of found.values()) own.sort((a, b) => a.step - b.step || a.timestamp - b.timestamp);
  return found;
}

/** The file at a step, or the last one before it. */
export function atStep(files: readonly StepFile[], step: number): StepFile | null {
  return files.findLast((file) => file.step <= step) ?? files[0] ?? null;
}

/** At most `count` of a list, evenly, with the first and the last. */
export function thinned<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, index) => items[Math.round((index * (items.length - 1)) / (count - 1))] as T);
}
