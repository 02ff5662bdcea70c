/** Icons as paths on a 16 × 16 field, drawn with strokes; used by React and by the grid's own DOM. */

export const ICONS = {
  done: "M3.5 8.5l3 3 6-7",
  running: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.5v3h-3",
  failed: "M4 4l8 8M12 4l-8 8",
  killed: "M4.5 4.5h7v7h-7z",
  scheduled: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM8 5v3l2 1.5",
  warning: "M8 2.5l6 11H2zM8 6.5v3M8 11.5v.1",
  experiments: "M6 2h4M7 2v4.5L3.2 12.8a.8.8 0 0 0 .7 1.2h8.2a.8.8 0 0 0 .7-1.2L9 6.5V2M5 10h6",
  folder: "M2 4.5v8h12v-7H8L6.5 4z",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  check: "M3.5 8.5l3 3 6-7",
  download: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M3 13.5h10",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM10.3 10.3l3.2 3.2",
  close: "M4 4l8 8M12 4l-8 8",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  up: "M8 12.5v-9M4.5 7L8 3.5 11.5 7",
  down: "M8 3.5v9M4.5 9L8 12.5 11.5 9",
  left: "M10 3.5L5.5 8l4.5 4.5",
  right: "M6 3.5L10.5 8 6 12.5",
  chevron: "M4 6l4 4 4-4",
  sun: "M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9L13 13M13 3l-1.1 1.1M4.1 11.9L3 13",
  moon: "M13 9.5A5.5 5.5 0 1 1 6.5 3a4.5 4.5 0 0 0 6.5 6.5z",
  system: "M2 3h12v8H2zM5.5 14h5M8 11v3",
  language: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM2 8h12M8 2c2.2 1.6 2.2 10.4 0 12M8 2C5.8 3.6 5.8 12.4 8 14",
  rail: "M2.5 3h11v10h-11zM6 3v10",
  filter: "M2.5 3.5h11L9.5 8.5v4l-3-1.5V8.5z",
  more: "M3.5 8h.1M8 8h.1M12.5 8h.1",
  help: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM6.2 6.2a1.8 1.8 0 1 1 2.6 1.6c-.5.3-.8.6-.8 1.2v.2M8 11.4v.1",
  pin: "M6 2h4l-.5 4.5L11.5 9h-7l2-2.5zM8 9v5",
  star: "M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4L2.2 6.5l4-.6z",
  starred: "M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4L2.2 6.5l4-.6z",
  flag: "M4 14V2.5M4 3h8l-1.8 2.7L12 8.5H4",
  tag: "M2.5 2.5h5l6 6-5 5-6-6zM5.2 5.2h.1",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.6 9h5.8l.6-9M6.8 7v4M9.2 7v4",
  restore: "M2.5 8a5.5 5.5 0 1 0 1.7-4M2.5 1.5v3h3",
  move: "M2 4.5v8h12v-7H8L6.5 4zM6 9h4.5M8.8 7l2 2-2 2",
  group: "M2.5 3h11M5 6.5h8.5M5 9.5h8.5M2.5 13h11",
  sort: "M5 3v10M2.5 10.5L5 13l2.5-2.5M11 13V3M8.5 5.5L11 3l2.5 2.5",
  view: "M4 2h8v12l-4-3-4 3z",
  share: "M10.5 4.5l-5 2.7M10.5 11.5l-5-2.7M12 2.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 0 0 0-3.6zM4 6.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 0 0 0-3.6zM12 10.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 0 0 0-3.6z",
  edit: "M3 13l.6-2.8L10.8 3 13 5.2 5.8 12.4z",
  goal: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6zM8 7.9h.1",
  command: "M5.5 5.5h5v5h-5zM5.5 5.5H4A1.7 1.7 0 1 1 5.5 4zM10.5 5.5V4A1.7 1.7 0 1 1 12 5.5zM10.5 10.5H12A1.7 1.7 0 1 1 10.5 12zM5.5 10.5V12A1.7 1.7 0 1 1 4 10.5z",
  retry: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.5v3h-3",
  keyboard: "M1.5 4h13v8h-13zM4 6.5h.1M6.7 6.5h.1M9.3 6.5h.1M12 6.5h.1M5 9.5h6",
  list: "M2.5 4h11M2.5 8h11M2.5 12h11",
  tree: "M2.5 3.5h5M5 3.5v9h3M5 8h3M8.5 8h5M8.5 12.5h5",
  box: "M8 1.8l5.5 3v6.4L8 14.2l-5.5-3V4.8zM2.5 4.8L8 7.8l5.5-3M8 7.8v6.4",
  bell: "M8 2.2a4 4 0 0 0-4 4v2.6l-1.3 2.4h10.6L12 8.8V6.2a4 4 0 0 0-4-4zM6.6 13.6h2.8",
  expand: "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5l-4.5 4.5M2.5 13.5L7 9",
  eye: "M1.5 8c1.6-2.8 3.8-4.2 6.5-4.2s4.9 1.4 6.5 4.2c-1.6 2.8-3.8 4.2-6.5 4.2S3.1 10.8 1.5 8zM8 6.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 0 0 0-3.6z",
  eyeOff: "M2.5 2.5l11 11M6 4.1c.6-.2 1.3-.3 2-.3 2.7 0 4.9 1.4 6.5 4.2-.5.9-1.1 1.7-1.8 2.3M10.5 11.8c-.8.3-1.6.4-2.5.4-2.7 0-4.9-1.4-6.5-4.2.6-1.1 1.3-1.9 2.1-2.6",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  charts: "M2.5 13.5h11M3.5 11l3-4 2.5 2 3.5-5.5",
  split: "M2.5 3h11v10h-11zM8 3v10",
  target: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM8 6a2 2 0 1 0 0 4a2 2 0 0 0 0-4z",
  database: "M8 2c3 0 5 .9 5 2s-2 2-5 2-5-.9-5-2 2-2 5-2zM3 4v8c0 1.1 2 2 5 2s5-.9 5-2V4M3 8c0 1.1 2 2 5 2s5-.9 5-2",
} as const;

export type IconName = keyof typeof ICONS;

const SVG = "http://www.w3.org/2000/svg";

/** An icon as a DOM node, hidden from screen readers. */
export function iconNode(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
