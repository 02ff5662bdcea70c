/** The console of a run as it is kept: a folder for each process, in it pieces in order. */
import type { ArtifactEntry } from "../api/types";

export interface LogPart {
  path: string;
  size: number;
}

/** The newest pieces of at most `bytes` together, at least one, in their order; and how many earlier ones there are. */
export function lastParts(files: readonly ArtifactEntry[], bytes: number): { parts: LogPart[]; earlier: number } {
  const all = files
    .filter((file) => !file.is_dir)
    .map((file) => ({ path: file.path, size: Number(file.size ?? file.file_size ?? 0) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  let from = all.length;
  let sum = 0;
  while (from > 0) {
    sum += all[from - 1]?.size ?? 0;
    if (sum > bytes && from < all.length) break;
    from -= 1;
  }
  return { parts: all.slice(from), earlier: from };
}

/** Whether a line has what somebody looks for: a regular expression, or the very text where it is none. */
export function lineFinder(search: string): (line: string) => boolean {
  if (!search) return () => true;
  try {
    const pattern = new RegExp(search, "i");
    return (line) => pattern.test(line);
  } catch {
    const wanted = search.toLowerCase();
    return (line) => line.toLowerCase().includes(wanted);
  }
}
