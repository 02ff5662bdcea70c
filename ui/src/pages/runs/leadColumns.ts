/** The first columns of the runs table, that never leave: the box that selects a run, and its name. */
import { drawnStyles } from "../../data/runstyles";
import type { Words } from "../../i18n/language";
import { fitWidth } from "../../parts/grid/measure";
import type { GridColumn } from "../../parts/grid/model";
import { iconNode } from "../../parts/icons";
import { SERIES_COUNT } from "../../theme/palette";
import { cutWhereLong, setText, setTitle, textNode } from "./cells";
import { groupName } from "./groupText";
import { sampleTexts, type PaintSource } from "./source";

/** The box stands in line with the page's heading. */
const SELECT_WIDTH = 45;
const INDENT = 18;
const NAME_ROOM = 10;
const TOGGLE_ROOM = 20;
const COUNT_ROOM = 34;

export function selectColumn(source: PaintSource, words: Words): GridColumn {
  return {
    id: "select",
    title: "",
    hint: words.t("select.all"),
    width: SELECT_WIDTH,
    align: "end",
    sortable: false,
    fixed: true,
    section: "",
    build(cell) {
      cell.classList.add("grid-select");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.tabIndex = -1;
      cell.append(box);
    },
    paint(cell, row) {
      const line = source.line(row);
      const box = cell.firstElementChild as HTMLInputElement;
      box.hidden = line.kind !== "run";
      if (line.kind !== "run") return;
      box.checked = source.isSelected(line.key);
      box.ariaLabel = words.t("select.run", { name: nameOf(line.run) });
    },
  };
}

const nameOf = (run: { run_name?: string; run_id: string }) => run.run_name || run.run_id.slice(0, 8);

interface NameParts {
  indent: HTMLElement;
  toggle: HTMLElement;
  pin: SVGSVGElement;
  star: SVGSVGElement;
  swatch: HTMLElement;
  link: HTMLAnchorElement;
  text: HTMLElement;
  count: HTMLElement;
}

function buildName(cell: HTMLElement): void {
  cell.classList.add("grid-name");
  const indent = document.createElement("span");
  const toggle = document.createElement("span");
  toggle.className = "grid-toggle";
  toggle.dataset.toggle = "";
  toggle.append(iconNode("right"));
  const link = document.createElement("a");
  link.tabIndex = -1;
  link.className = "grid-text";
  const star = iconNode("starred");
  star.classList.add("grid-star");
  const swatch = document.createElement("i");
  swatch.className = "run-swatch";
  const count = document.createElement("span");
  count.className = "grid-count";
  cell.append(indent, toggle, iconNode("pin"), star, swatch, link, textNode(), count);
}

function partsOf(cell: HTMLElement): NameParts {
  const [indent, toggle, pin, star, swatch, link, text, count] = cell.children as unknown as [
    HTMLElement,
    HTMLElement,
    SVGSVGElement,
    SVGSVGElement,
    HTMLElement,
    HTMLAnchorElement,
    HTMLElement,
    HTMLElement,
  ];
  return { indent, toggle, pin, star, swatch, link, text, count };
}

const DASHES = ["solid", "dashed", "dotted"] as const;

/** The line that charts beside the table draw the run with; nothing where they do not draw it. */
function paintSwatch(swatch: HTMLElement, style: number | undefined): void {
  show(swatch, style !== undefined);
  if (style === undefined) return;
  swatch.style.borderTopStyle = DASHES[Math.floor(Math.max(0, style) / SERIES_COUNT)] ?? "solid";
  swatch.style.borderTopColor = style < 0 ? "var(--series-grey)" : `var(--series-${(style % SERIES_COUNT) + 1})`;
}

const show = (node: Element, shown: boolean) => node.toggleAttribute("hidden", !shown);

/** The run's name as a link, or the group's name. `tree`: whether there may be lines below others. */
export function nameColumn(source: PaintSource, words: Words, tree: boolean, address: (runId: string) => string): GridColumn {
  const names = sampleTexts(source, (pages, row) => pages.run(row)?.run_name);
  const extra = NAME_ROOM + (tree ? TOGGLE_ROOM + COUNT_ROOM : 0);
  return {
    id: "a.run_name",
    title: words.t("column.name"),
    width: fitWidth(words.t("column.name"), names, extra, tree ? 240 + (source.groups.length > 1 ? 80 : 0) : 120, 320),
    align: "start",
    sortable: true,
    fixed: true,
    section: "",
    build: buildName,
    paint(cell, row) {
      const line = source.line(row);
      const { indent, toggle, pin, star, swatch, link, text, count } = partsOf(cell);
      const run = line.kind === "run" ? line.run : null;
      const below = line.kind === "group" ? line.group.runs : line.kind === "run" ? line.children : 0;
      cell.classList.toggle("grid-waiting", line.kind === "waiting");
      const inset = `${line.level * INDENT + (tree && !below ? 16 : 0)}px`;
      if (indent.style.width !== inset) indent.style.width = inset;
      show(toggle, below > 0);
      show(pin, run !== null && source.isPinned(run.run_id));
      show(star, run?.starred === true);
      paintSwatch(swatch, run ? drawnStyles.get().get(run.run_id) : undefined);
      show(link, run !== null);
      show(text, line.kind === "group");
      show(count, below > 0);
      setText(count, below ? below.toLocaleString(words.language) : "");
      if (run) {
        link.href = address(run.run_id);
      } else link.removeAttribute("href");
      const name = run ? nameOf(run) : "";
      const group = line.kind === "group" ? groupName(line.group, source.groups, words) : "";
      setText(link, name);
      setText(text, group);
      setTitle(run ? link : text, name || group);
      const beside = line.level * INDENT + (tree ? TOGGLE_ROOM + COUNT_ROOM : 0) + (run?.starred ? 16 : 0) + (run && source.isPinned(run.run_id) ? 16 : 0);
      cutWhereLong(cell, name || group, beside + (swatch.hasAttribute("hidden") ? 0 : 20), group ? 600 : 500);
    },
  };
}
