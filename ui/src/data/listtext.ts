/** Lists in one field of an address: items are joined by commas, the commas in them escaped. */

const escapeItem = (text: string) => text.replaceAll("~", "~0").replaceAll(",", "~1").replaceAll(":", "~2");
const unescapeItem = (text: string) => text.replaceAll("~2", ":").replaceAll("~1", ",").replaceAll("~0", "~");

export function readList(text: string | null): string[] {
  return text ? text.split(",").map(unescapeItem) : [];
}

/** Null for an empty list. */
export function writeList(items: readonly string[]): string | null {
  return items.length ? items.map(escapeItem).join(",") : null;
}

/** A list whose items have parts, joined by colons. */
export function readRows(text: string | null): string[][] {
  return text ? text.split(",").map((item) => item.split(":").map(unescapeItem)) : [];
}

export function writeRows(rows: readonly (readonly string[])[]): string | null {
  return rows.length ? rows.map((row) => row.map(escapeItem).join(":")).join(",") : null;
}
