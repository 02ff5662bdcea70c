/** Tables in text: CSV and TSV (RFC 4180, with any kind of line end), and JSON as log_table writes it. */

export interface TextTable {
  head: readonly string[];
  rows: readonly (readonly unknown[])[];
  /** Whether rows after the last one were left out. */
  cut: boolean;
}

/** The rows of a text, at most `most` beside the head. `whole` is false where the text is the first part of a longer one. */
export function readDelimited(text: string, separator: string, most: number, whole = true): TextTable {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  let index = text.startsWith("\uFEFF") ? 1 : 0;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || cell !== "") rows.push(row);
    row = [];
    cell = "";
  };
  for (; index < text.length && rows.length <= most; index += 1) {
    const char = text[index] as string;
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[index + 1] === '"') {
        cell += '"';
        index += 1;
      } else quoted = false;
    } else if (char === '"' && cell === "") quoted = true;
    else if (char === separator) {
      row.push(cell);
      cell = "";
    } else if (char === "\n" || char === "\r") {
      if (char === "\r" && text[index + 1] === "\n") index += 1;
      endRow();
    } else cell += char;
  }
  // The last row of a first part may lack its end.
  if (whole && index >= text.length && (cell !== "" || row.length > 0)) endRow();
  const [head = [], ...body] = rows;
  return { head, rows: body, cut: !whole || index < text.length };
}

/** A JSON value that is a table: {"columns": […], "data": [[…]]} or a list of objects; null for others. */
export function tableOf(value: unknown, most: number): TextTable | null {
  if (Array.isArray(value)) return recordTable(value, most);
  if (typeof value !== "object" || value === null) return null;
  const { columns, data } = value as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every(Array.isArray)) return null;
  return { head: columns.map(String), rows: data.slice(0, most), cut: data.length > most };
}

function recordTable(items: readonly unknown[], most: number): TextTable | null {
  const isRecord = (item: unknown) => typeof item === "object" && item !== null && !Array.isArray(item);
  if (items.length === 0 || !items.every(isRecord)) return null;
  const records = items.slice(0, most) as Record<string, unknown>[];
  const head = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return { head, rows: records.map((record) => head.map((key) => record[key])), cut: items.length > most };
}

/** The values of JSON lines, those that can be read. */
export function readJsonLines(text: string): unknown[] {
  return text.split("\n").flatMap((line) => {
    if (!line.trim()) return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}

/** The path of the image in a cell of log_table; null for other cells. */
export function imageOf(cell: unknown): string | null {
  if (typeof cell !== "object" || cell === null) return null;
  const { type, filepath } = cell as { type?: unknown; filepath?: unknown };
  return type === "image" && typeof filepath === "string" ? filepath : null;
}

export function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}
