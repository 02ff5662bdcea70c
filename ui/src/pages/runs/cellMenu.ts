/** What can be done with a cell and its run, for the menu at it. */
import type { CellValue } from "../../api/types";
import { columnKey, columnKind, wireColumn, type ColumnId } from "../../data/columns";
import { allOf, valueTerm } from "../../data/filtertext";
import { isNumeric } from "../../data/format";
import { cellOf, type Line, type RunLine } from "../../data/outline";
import type { ViewState } from "../../data/viewstate";
import type { Words } from "../../i18n/language";
import type { MenuAction, MenuSection } from "../../parts/PopMenu";

interface CellMenuContext {
  view: ViewState;
  selected: boolean;
  go: (change: Partial<ViewState>) => void;
  open: (runId: string, newTab: boolean) => void;
  select: () => void;
  toggle: () => void;
  star: (runId: string, on: boolean) => void;
  copy: (text: string) => void;
}

/** Undefined for what no filter can ask. */
function valueAt(line: RunLine, id: ColumnId): CellValue | undefined {
  const wire = wireColumn(id);
  if (wire !== null) return cellOf(line, wire);
  const { run } = line;
  switch (columnKey(id)) {
    case "run_name":
      return run.run_name ?? null;
    case "status":
      return run.status;
    case "user_id":
      return run.user_id ?? null;
    case "start_time":
      return run.start_time ?? null;
    case "run_id":
      return run.run_id;
    default:
      return undefined;
  }
}

export function cellMenu(line: Line, id: ColumnId, context: CellMenuContext, { t }: Words): MenuSection[] {
  if (line.kind === "waiting") return [];
  const { view, go, copy } = context;
  const narrow = (term: string) => go({ filter: allOf([view.filter, term]) });
  if (line.kind === "group") {
    return [
      {
        id: "group",
        actions: [
          { id: "toggle", label: t(line.open ? "group.close" : "group.open"), icon: "right", run: context.toggle },
          { id: "only", label: t("group.only"), icon: "filter", run: () => narrow(line.group.filter) },
          { id: "copy", label: t("group.copy"), icon: "copy", run: () => copy(line.group.filter) },
        ],
      },
    ];
  }
  const value = id === "select" ? undefined : valueAt(line, id);
  return [
    { id: "filter", actions: value === undefined ? [] : filterActions(id, value, narrow, copy, t) },
    { id: "run", actions: runActions(line, context, t) },
  ];
}

function filterActions(
  id: ColumnId,
  value: CellValue,
  narrow: (term: string) => void,
  copy: (text: string) => void,
  t: Words["t"],
): MenuAction[] {
  const text = String(value ?? "");
  const short = text.length > 24 ? `${text.slice(0, 24)}…` : text;
  const kind = columnKind(id);
  const time = kind === "attribute" && columnKey(id) === "start_time";
  const number = value !== null && (kind === "metric" || time || (kind === "param" && isNumeric(text)));
  const detail = value === null ? t("value.none") : short;
  const actions: MenuAction[] = [];
  if (!time && kind !== "metric") {
    actions.push(
      { id: "only", label: t("cell.only"), icon: "filter", detail, run: () => narrow(valueTerm(id, "=", value)) },
      { id: "not", label: t("cell.not"), icon: "filter", detail, run: () => narrow(valueTerm(id, "!=", value)) },
    );
  }
  if (number) {
    const shown = time ? "" : detail;
    actions.push(
      { id: "most", label: t(time ? "cell.before" : "cell.most"), icon: "filter", detail: shown, run: () => narrow(valueTerm(id, "<=", value)) },
      { id: "least", label: t(time ? "cell.after" : "cell.least"), icon: "filter", detail: shown, run: () => narrow(valueTerm(id, ">=", value)) },
    );
  }
  if (value !== null) actions.push({ id: "copy", label: t("cell.copy"), icon: "copy", run: () => copy(text) });
  return actions;
}

function runActions(line: RunLine, context: CellMenuContext, t: Words["t"]): MenuAction[] {
  const { view, go } = context;
  const id = line.key;
  const pinned = view.pins.includes(id);
  const base = view.baseline === id;
  const starred = line.run.starred === true;
  return [
    { id: "open", label: t("run.open"), icon: "right", detail: "Enter", run: () => context.open(id, false) },
    { id: "tab", label: t("run.openTab"), icon: "share", run: () => context.open(id, true) },
    { id: "select", label: t(context.selected ? "select.out" : "select.in"), icon: "check", detail: "x", run: context.select },
    {
      id: "pin",
      label: t(pinned ? "run.unpin" : "run.pin"),
      icon: "pin",
      detail: "p",
      run: () => go({ pins: pinned ? view.pins.filter((one) => one !== id) : [...view.pins, id] }),
    },
    {
      id: "base",
      label: t(base ? "run.noBase" : "run.base"),
      icon: "flag",
      detail: "b",
      run: () => go({ baseline: base ? null : id }),
    },
    { id: "star", label: t(starred ? "star.take" : "star.give"), icon: "star", run: () => context.star(id, !starred) },
  ];
}
