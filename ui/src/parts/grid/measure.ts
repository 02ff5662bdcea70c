/** Widths of text as the grid writes it. */

let context: CanvasRenderingContext2D | null = null;
let family = "";

/** Widths that are known, by size, weight and text: rows that are scrolled to repeat much of what was seen. */
const known = new Map<string, number>();
const MOST_KNOWN = 20_000;

/** The width in px of `text` in the page's font at `size` px. */
export function textWidth(text: string, size = 12, weight = 400): number {
  const name = `${size} ${weight} ${text}`;
  const before = known.get(name);
  if (before !== undefined) return before;
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return text.length * size * 0.6;
  family ||= getComputedStyle(document.documentElement).getPropertyValue("--font-ui");
  context.font = `${weight} ${size}px ${family}`;
  const { width } = context.measureText(text);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(name, width);
  return width;
}

const PADDING = 18;
/** For the arrow beside the title of a sorted column. */
const ARROW = 12;
/** A long title is cut rather than that it makes a column of short values wide. */
const TITLE_MAX = 150;

/** A column width that fits its texts and, as far as it is not long, its title, in [min, max]. */
export function fitWidth(title: string, texts: Iterable<string>, extra: number, min: number, max: number): number {
  let width = Math.min(textWidth(title, 12, 600) + PADDING + ARROW, TITLE_MAX);
  for (const text of texts) width = Math.max(width, textWidth(text) + PADDING + extra);
  return Math.round(Math.max(min, Math.min(max, width)));
}

/** The width that a section's heading and its note need. */
export function sectionWidth(title: string, note: string): number {
  const gap = 34;
  return Math.ceil(textWidth(title, 11, 600) + (note ? textWidth(note, 11) : 0) + gap);
}
