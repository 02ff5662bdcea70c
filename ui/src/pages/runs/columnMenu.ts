/** What can be done with a column, for the menu at its title. */
import {
  columnId,
  columnKey,
  columnKind,
  columnReduction,
  groupable,
  reduced,
  REDUCTIONS,
  shiftColumn,
  sortable,
  type ColumnId,
} from "../../data/columns";
import type { ViewState } from "../../data/viewstate";
import type { Words } from "../../i18n/language";
import type { MenuAction, MenuSection } from "../../parts/PopMenu";
import { groupsWith } from "./grouping";
import { REDUCTION_WORDS } from "./titles";

interface ColumnMenuContext {
  view: ViewState;
  /** The columns that are shown. */
  columns: readonly ColumnId[];
  /** Metrics that are drawn as curves. */
  curves: ReadonlySet<ColumnId>;
  /** Whether more of a metric is better. */
  isRising: (metric: string) => boolean;
  go: (change: Partial<ViewState>) => void;
  setGoal: (metric: string, rising: boolean) => void;
}

export function columnMenu(id: ColumnId, context: ColumnMenuContext, { t }: Words): MenuSection[] {
  const { view, columns, go } = context;
  const at = columns.indexOf(id);
  const metric = columnKind(id) === "metric";
  const frozen = view.frozen.includes(id);
  const same = columns.filter((column) => view.frozen.includes(column) === frozen);
  const place = same.indexOf(id);
  const put = (next: readonly ColumnId[]) => go({ columns: next });

  const sorting: MenuAction[] = sortable(id)
    ? [
        { id: "asc", label: t("column.ascending"), icon: "up", run: () => go({ sort: [{ column: id, descending: false }] }) },
        { id: "desc", label: t("column.descending"), icon: "down", run: () => go({ sort: [{ column: id, descending: true }] }) },
      ]
    : [];
  if (sorting.length && view.sort.length && view.sort.every((sort) => sort.column !== id)) {
    sorting.push({
      id: "further",
      label: t("column.sortFurther"),
      icon: "sort",
      run: () => go({ sort: [...view.sort, { column: id, descending: metric }].slice(-3) }),
    });
  }
  const moving: MenuAction[] = [
    {
      id: "freeze",
      label: t(frozen ? "column.unfreeze" : "column.freeze"),
      icon: "pin",
      run: () => go({ frozen: frozen ? view.frozen.filter((one) => one !== id) : [...view.frozen, id] }),
    },
  ];
  if (place > 0) {
    moving.push({ id: "left", label: t("column.left"), icon: "left", detail: "Alt ←", run: () => put(shiftColumn(columns, view.frozen, id, -1)) });
  }
  if (place < same.length - 1) {
    moving.push({ id: "right", label: t("column.right"), icon: "right", detail: "Alt →", run: () => put(shiftColumn(columns, view.frozen, id, 1)) });
  }
  if (view.widths[id] !== undefined) {
    moving.push({ id: "fit", label: t("column.fit"), icon: "columns", run: () => go({ widths: without(view.widths, id) }) });
  }
  moving.push({ id: "hide", label: t("column.hide"), icon: "close", run: () => put(columns.toSpliced(at, 1)) });

  const grouping: MenuAction[] = groupable(id)
    ? [{ id: "group", label: t("column.group"), icon: "group", run: () => go({ groups: groupsWith([], id) }) }]
    : [];
  return [
    { id: "sorting", actions: sorting },
    { id: "grouping", actions: grouping },
    ...(metric ? metricSections(id, context, t) : []),
    { id: "moving", actions: moving },
  ];
}

function metricSections(id: ColumnId, context: ColumnMenuContext, t: Words["t"]): MenuSection[] {
  const { view, columns, curves, go, isRising, setGoal } = context;
  const key = columnKey(id);
  const curved = curves.has(id);
  const now = columnReduction(id);
  return [
    {
      id: "values",
      heading: t("column.values"),
      actions: REDUCTIONS.map((reduction) => ({
        id: reduction,
        label: t(REDUCTION_WORDS[reduction]),
        ...(reduction === (isRising(key) ? "max" : "min") ? { detail: t("column.best") } : {}),
        checked: reduction === now,
        run: () => {
          const next = columnId("metric", key, reduction);
          go({
            columns: reduced(columns, id, reduction),
            sort: view.sort.map((sort) => (sort.column === id ? { ...sort, column: next } : sort)),
            curves: [...new Set([...curves].map((curve) => (curve === id ? next : curve)))],
            frozen: view.frozen.map((column) => (column === id ? next : column)),
          });
        },
      })),
    },
    {
      id: "look",
      actions: [
        {
          id: "curve",
          label: t(curved ? "column.bar" : "column.curve"),
          icon: "charts",
          run: () => go({ curves: curved ? [...curves].filter((curve) => curve !== id) : [...curves, id] }),
        },
        { id: "goal-up", label: t("column.goalUp"), icon: "goal", run: () => setGoal(key, true) },
        { id: "goal-down", label: t("column.goalDown"), icon: "goal", run: () => setGoal(key, false) },
      ],
    },
  ];
}

function without(widths: Readonly<Record<ColumnId, number>>, id: ColumnId): Record<ColumnId, number> {
  return Object.fromEntries(Object.entries(widths).filter(([column]) => column !== id));
}
