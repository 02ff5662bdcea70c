/** A unified diff, file by file. */

export interface PatchLine {
  kind: "new" | "gone" | "hunk" | "head" | "same";
  text: string;
}

export interface PatchFile {
  name: string;
  added: number;
  removed: number;
  lines: PatchLine[];
}

export function readPatch(text: string): PatchFile[] {
  const files: PatchFile[] = [];
  let inHunk = false;
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("diff --git ") || files.length === 0) {
      files.push({ name: line.match(/^diff --git (?:"?a\/.*?"?) "?b\/(.*?)"?$/)?.[1] ?? "", added: 0, removed: 0, lines: [] });
      inHunk = false;
    }
    const file = files.at(-1) as PatchFile;
    const hunk = line.match(/^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/);
    if (hunk) inHunk = true;
    const kind = hunk ? "hunk" : !inHunk ? "head" : line.startsWith("+") ? "new" : line.startsWith("-") ? "gone" : "same";
    if (kind === "head" && line.startsWith("+++ ") && file.name === "") file.name = line.slice(4).replace(/^b\//, "").split("\t", 1)[0] ?? "";
    if (kind === "new") file.added += 1;
    // Without git's line above it, the next file is told by its first two lines.
    if (kind === "gone" && line.startsWith("--- ") && lines[index + 1]?.startsWith("+++ ") && lines[index + 2]?.startsWith("@@ ")) {
      files.push({ name: (lines[index + 1] ?? "").slice(4).replace(/^b\//, ""), added: 0, removed: 0, lines: [{ kind: "head", text: line }] });
      inHunk = false;
      continue;
    }
    if (kind === "gone") file.removed += 1;
    file.lines.push({ kind, text: line });
  }
  return files;
}
