/** Widths of text as the grid writes it. */

let context: CanvasRenderingContext2D | null = null;
let family = "";

/** The widths of characters, by size and weight. A text is as wide as its characters, but for a px of kerning. */
const fonts = new Map<string, Map<string, number>>();
const MOST_KNOWN = 5000;

function measured(character: string, size: number, weight: number): number {
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return size * 0.6;
  family ||= getComputedStyle(document.documentElement).getPropertyValue("--font-ui");
  context.font = `${weight} ${size}px ${family}`;
  return context.measureText(character).width;
}

/** The width in px of `text` in the page's font at `size` px. */
export function textWidth(text: string, size = 12, weight = 400): number {
  const font = `${weight} ${size}`;
  let known = fonts.get(font);
  if (!known || known.size > MOST_KNOWN) fonts.set(font, (known = new Map()));
  let sum = 0;
  for (const character of text) {
    let width = known.get(character);
    if (width === undefined) known.set(character, (width = measured(character, size, weight)));
    sum += width;
  }
  return sum;
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
