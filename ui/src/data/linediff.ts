/** Two texts line by line. */

export interface DiffLine {
  /** "=": in both; "-": only in the first; "+": only in the second; "…": equal lines that are left out. */
  mark: "=" | "-" | "+" | "…";
  text: string;
  /** How many lines a "…" stands for. */
  count?: number;
}

/** Longer texts are not compared line by line: the work grows with the product of what differs. */
const MOST = 4000;

/** The lines of both texts in order, with as many common ones as there are (longest common subsequence). */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const [left, right] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ mark: "=", text }));
  const middle = left.length > MOST || right.length > MOST ? replaced(left, right) : common(left, right);
  return [...same(a.slice(0, head)), ...middle, ...same(a.slice(a.length - tail))];
}

const replaced = (left: readonly string[], right: readonly string[]): DiffLine[] => [
  ...left.map((text): DiffLine => ({ mark: "-", text })),
  ...right.map((text): DiffLine => ({ mark: "+", text })),
];

function common(left: readonly string[], right: readonly string[]): DiffLine[] {
  const width = right.length + 1;
  // Length of the longest common subsequence of what follows (row, column).
  const lengths = new Uint16Array((left.length + 1) * width);
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        left[row] === right[column]
          ? (lengths[(row + 1) * width + column + 1] ?? 0) + 1
          : Math.max(lengths[(row + 1) * width + column] ?? 0, lengths[row * width + column + 1] ?? 0);
    }
  }
  const result: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < left.length || column < right.length) {
    const [a, b] = [left[row], right[column]];
    if (a !== undefined && a === b) {
      result.push({ mark: "=", text: a });
      row += 1;
      column += 1;
    } else if (b === undefined || (a !== undefined && (lengths[(row + 1) * width + column] ?? 0) >= (lengths[row * width + column + 1] ?? 0))) {
      result.push({ mark: "-", text: a ?? "" });
      row += 1;
    } else {
      result.push({ mark: "+", text: b });
      column += 1;
    }
  }
  return result;
}

/** Only the lines that differ, with `context` equal ones around them. */
export function withContext(lines: readonly DiffLine[], context: number): DiffLine[] {
  const kept = lines.map((_line, index) =>
    lines.slice(Math.max(0, index - context), index + context + 1).some((line) => line.mark !== "="),
  );
  const result: DiffLine[] = [];
  for (const [index, line] of lines.entries()) {
    const last = result.at(-1);
    if (kept[index]) result.push(line);
    else if (last?.mark === "…") last.count = (last.count ?? 0) + 1;
    else result.push({ mark: "…", text: "", count: 1 });
  }
  return result;
}
