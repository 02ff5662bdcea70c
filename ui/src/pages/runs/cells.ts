/** Pieces that the table's cells are made of. */

/** The element of a cell that takes text, and is cut where there is no room. */
export function textNode(): HTMLSpanElement {
  const node = document.createElement("span");
  node.className = "grid-text";
  return node;
}

/** Writes text into a cell; null writes the sign for "no value", undefined the sign for "not here yet". */
export function writeText(cell: HTMLElement, node: HTMLElement, text: string | null | undefined, full = text || ""): void {
  cell.classList.toggle("grid-waiting", text === undefined);
  cell.classList.toggle("grid-none", text === null);
  node.textContent = text === undefined ? "" : (text ?? "–");
  cell.title = full;
}

/** Leaves a cell empty: what it would show is not said of groups. */
export function writeBlank(cell: HTMLElement, node: HTMLElement): void {
  cell.classList.remove("grid-waiting", "grid-none");
  node.textContent = "";
  cell.title = "";
}
