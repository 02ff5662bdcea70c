/** Widths of text as the grid writes it. */

let context: CanvasRenderingContext2D | null = null;

/** The width in px of `text` in the page's font at `size` px. */
export function textWidth(text: string, size = 12, weight = 400): number {
  context ??= document.createElement("canvas").getContext("2d");
  if (!context) return text.length * size * 0.6;
  context.font = `${weight} ${size}px ${getComputedStyle(document.documentElement).getPropertyValue("--font-ui")}`;
  return context.measureText(text).width;
}

/** A column width that fits its title and its texts, in [min, max]. */
export function fitWidth(title: string, texts: Iterable<string>, extra: number, min: number, max: number): number {
  const padding = 18;
  let width = textWidth(title, 12, 600) + padding;
  for (const text of texts) width = Math.max(width, textWidth(text) + padding + extra);
  return Math.round(Math.max(min, Math.min(max, width)));
}
