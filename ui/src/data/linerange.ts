/** Lines that an address points at: #L10 or #L10-L20. */

export interface LineRange {
  first: number;
  last: number;
}

/** Null where the text after # names no lines. */
export function readLines(hash: string): LineRange | null {
  const [, from, to] = hash.match(/^#?L(\d{1,9})(?:-L?(\d{1,9}))?$/) ?? [];
  if (from === undefined) return null;
  const [one, other] = [Number(from), Number(to ?? from)];
  if (one < 1 || other < 1) return null;
  return { first: Math.min(one, other), last: Math.max(one, other) };
}

export function writeLines({ first, last }: LineRange): string {
  return first === last ? `#L${first}` : `#L${first}-L${last}`;
}
