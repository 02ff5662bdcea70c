/** Where a grid stood when the reader left its page, for when they come back with the browser's buttons. */
import type { Active } from "./pool";

export interface Place {
  top: number;
  left: number;
  active: Active | null;
}

const places = new Map<string, Place>();
let cameBack = false;

addEventListener("popstate", () => (cameBack = true));
// The router tells of each step that a link or a key made.
addEventListener("pushState", () => (cameBack = false));

export function leavePlace(page: string, place: Place): void {
  places.set(page, place);
}

/** Null unless the page was reached by back or forward. */
export function placeToReturnTo(page: string): Place | null {
  return cameBack ? (places.get(page) ?? null) : null;
}
