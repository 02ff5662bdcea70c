import { useSyncExternalStore } from "react";
import { theme } from "../theme/mode";
import { SERIES_COUNT, seriesDash, token } from "../theme/palette";

/** The theme's colours for drawings. */
export interface Colors {
  look: string;
  text: string;
  muted: string;
  line: string;
  axis: string;
  ground: string;
  raised: string;
  accent: string;
  grey: string;
  bad: string;
  series: readonly string[];
}

function readColors(look: string): Colors {
  return {
    look,
    text: token("fg"),
    muted: token("fg-muted"),
    line: token("grid-line"),
    axis: token("border-strong"),
    ground: token("bg"),
    raised: token("bg-raised"),
    accent: token("accent"),
    grey: token("series-grey"),
    bad: token("bad"),
    series: Array.from({ length: SERIES_COUNT }, (_, index) => token(`series-${index + 1}`)),
  };
}

let known: Colors | null = null;

/** Read once for all drawings: to read them costs the styles of the page. */
function colorsNow(): Colors {
  const look = theme.shown();
  if (known?.look !== look) known = readColors(look);
  return known;
}

/** The colours; a new object when the theme changes. */
export function useColors(): Colors {
  return useSyncExternalStore(theme.subscribe, colorsNow);
}

export interface Stroke {
  color: string;
  dash: readonly number[];
}

/** How a run or group of a style is drawn; styles below zero are grey. */
export function strokeOf(style: number, colors: Colors): Stroke {
  if (style < 0) return { color: colors.grey, dash: [] };
  return { color: colors.series[style % SERIES_COUNT] ?? colors.grey, dash: seriesDash(style) };
}
