/** Charts as files. */
import { token } from "../../theme/palette";
import type { TableData } from "./model";

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const fileName = (title: string, suffix: string) => `${title.replaceAll(/[^\w.-]+/g, "_") || "chart"}.${suffix}`;

const quote = (cell: string | number | null) => {
  const text = cell === null ? "" : String(cell);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export function saveCsv(title: string, data: TableData): void {
  const lines = [data.head, ...data.rows].map((row) => row.map(quote).join(","));
  save(new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" }), fileName(title, "csv"));
}

const MARGIN = 12;
const HEAD = 28;

/** The canvases of an element, on the page's ground, below the title. */
export function savePng(title: string, root: HTMLElement): void {
  const layers = [...root.querySelectorAll("canvas")];
  const edge = root.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round((edge.width + 2 * MARGIN) * ratio);
  canvas.height = Math.round((edge.height + HEAD + MARGIN) * ratio);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(ratio, ratio);
  pen.fillStyle = token("bg");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = token("fg");
  pen.font = "600 13px system-ui, sans-serif";
  pen.fillText(title, MARGIN, 19);
  for (const layer of layers) {
    const at = layer.getBoundingClientRect();
    pen.drawImage(layer, MARGIN + at.left - edge.left, HEAD + at.top - edge.top, at.width, at.height);
  }
  canvas.toBlob((blob) => {
    if (blob) save(blob, fileName(title, "png"));
  });
}
