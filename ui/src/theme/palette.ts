/** Colours for drawings, read from the tokens so that they follow the theme. */

export const SERIES_COUNT = 8;

/** The value of a colour token: token("accent"). */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The n-th series colour, counted from 0; after eight they repeat with another dash. */
export function seriesColor(index: number): string {
  return token(`series-${(index % SERIES_COUNT) + 1}`);
}

/** The dash of the n-th series: none for the first eight, then 6-3, then 2-3. */
export function seriesDash(index: number): number[] {
  return [[], [6, 3], [2, 3]][Math.floor(index / SERIES_COUNT) % 3] ?? [];
}
