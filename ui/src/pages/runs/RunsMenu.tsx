import { useQueryClient } from "@tanstack/react-query";
import { giveStar, takeStar, tagExperiment } from "../../api/server";
import type { ColumnId } from "../../data/columns";
import { goalTags, isRising, type Goal } from "../../data/goal";
import type { Line } from "../../data/outline";
import { toasts } from "../../data/toasts";
import type { ViewState } from "../../data/viewstate";
import { useWords } from "../../i18n/language";
import { writeClipboard } from "../../parts/clipboard";
import type { Spot } from "../../parts/grid/model";
import { PopMenu } from "../../parts/PopMenu";
import { experimentQuery } from "../queries";
import { sayError } from "../sayError";
import { cellMenu } from "./cellMenu";
import { columnMenu } from "./columnMenu";
import type { SelectionControl } from "./useSelection";

export type OpenMenu =
  | { kind: "column"; column: ColumnId; spot: Spot }
  | { kind: "cell"; row: number; column: ColumnId; spot: Spot };

interface RunsMenuProps {
  menu: OpenMenu;
  experimentId: string;
  view: ViewState;
  columns: readonly ColumnId[];
  curves: ReadonlySet<ColumnId>;
  line: (row: number) => Line;
  selection: SelectionControl;
  goal: Goal | null;
  go: (change: Partial<ViewState>) => void;
  onOpen: (runId: string, newTab: boolean) => void;
  onSelect: (row: number) => void;
  onToggle: (row: number) => void;
  /** Runs were changed. */
  onChanged: () => void;
  onClose: () => void;
}

/** The menu of a column's title, or of a cell. */
export function RunsMenu(props: RunsMenuProps) {
  const { menu, experimentId, view, columns, curves, go, goal } = props;
  const words = useWords();
  const { t } = words;
  const client = useQueryClient();
  const attempt = async (work: () => Promise<unknown>, done: string) => {
    try {
      await work();
      if (done) toasts.show(done);
    } catch (error) {
      sayError(error, t);
    }
  };
  const setGoal = (metric: string, rising: boolean) =>
    void attempt(async () => {
      for (const { key, value } of goalTags({ metric, rising })) await tagExperiment(experimentId, key, value);
      await client.invalidateQueries({ queryKey: experimentQuery(experimentId).queryKey });
    }, t("goal.set", { metric }));

  if (menu.kind === "column") {
    const context = { view, columns, curves, go, setGoal, isRising: (metric: string) => isRising(metric, goal) };
    return (
      <PopMenu
        anchor={menu.spot}
        label={t("column.menu")}
        sections={columnMenu(menu.column, context, words)}
        onClose={props.onClose}
      />
    );
  }
  const line = props.line(menu.row);
  if (line.kind === "waiting") return null;
  const context = {
    view,
    go,
    selected: line.kind === "run" && props.selection.has(line.key),
    open: props.onOpen,
    select: () => props.onSelect(menu.row),
    toggle: () => props.onToggle(menu.row),
    star: (runId: string, on: boolean) =>
      void attempt(async () => {
        await (on ? giveStar("run", runId) : takeStar("run", runId));
        props.onChanged();
      }, ""),
    copy: (text: string) => void attempt(() => writeClipboard(text), t("copy.done")),
  };
  return (
    <PopMenu
      anchor={menu.spot}
      label={t("cell.menu")}
      sections={cellMenu(line, menu.column, context, words)}
      onClose={props.onClose}
    />
  );
}
