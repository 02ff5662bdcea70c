/** What programs print for a terminal: progress bars that overwrite their line, and colours. */

export interface Piece {
  text: string;
  /** 0 to 15, as terminals count their colours; null for the plain one. */
  color: number | null;
  bold: boolean;
}

// oxlint-disable-next-line no-control-regex -- terminals are told by control characters
const CODES = /\u001B(?:\[([\d;:?]*)[ -/]*([@-~])|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[@-Z\\-_])/g;

/** The text without what only steers a terminal. */
export const withoutCodes = (text: string) => text.replace(CODES, "");

/** The lines that a terminal would show in the end: a carriage return begins a line anew. */
export function shownLines(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => {
    const parts = line.replace(/\r+$/, "").split("\r");
    return parts.findLast((part) => part !== "") ?? "";
  });
}

/** A line in pieces of one colour. */
export function piecesOf(line: string): Piece[] {
  if (!line.includes("\u001B")) return [{ text: line, color: null, bold: false }];
  const pieces: Piece[] = [];
  let [color, bold, from] = [null as number | null, false, 0];
  const put = (text: string) => {
    if (text) pieces.push({ text, color, bold });
  };
  for (const match of line.matchAll(CODES)) {
    put(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] !== "m") continue;
    const codes = (match[1] || "0").split(/[;:]/).map(Number);
    for (let index = 0; index < codes.length; index += 1) {
      const code = codes[index] ?? 0;
      if (code === 0) [color, bold] = [null, false];
      else if (code === 1) bold = true;
      else if (code === 22) bold = false;
      else if (code >= 30 && code <= 37) color = code - 30;
      else if (code >= 90 && code <= 97) color = code - 82;
      else if (code === 39) color = null;
      else if (code === 38 || code === 48) {
        // 256 colours and RGB: the first 16 are known, others are plain.
        const [kind, number] = [codes[index + 1], codes[index + 2]];
        if (code === 38) color = kind === 5 && number !== undefined && number < 16 ? number : null;
        index += kind === 5 ? 2 : 4;
      }
    }
  }
  put(line.slice(from));
  return pieces;
}
