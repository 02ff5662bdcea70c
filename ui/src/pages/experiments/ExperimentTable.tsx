import { useState } from "react";
import { Link } from "wouter";
import type { ExperimentActivity } from "../../api/types";
import { groupByFolder, splitPath } from "../../data/folders";
import { formatAge, formatCount, formatNumber, formatTime, toNumber } from "../../data/format";
import { goalOf } from "../../data/goal";
import { useWords, type MessageKey } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { useNow } from "../../parts/Now";
import { MenuButton } from "../../parts/ToolButton";
import { ActivityBars } from "./ActivityBars";
import { COLUMNS, type Order, type OrderColumn } from "./order";

export type Layout = "list" | "tree";

const TITLES: Record<OrderColumn, MessageKey> = {
  name: "column.name",
  runs: "column.runs",
  running: "column.running",
  failed: "column.failed",
  last_activity: "column.lastActivity",
};
/** Box, star, the sorted ones, best, activity, menu. */
const COLUMN_COUNT = COLUMNS.length + 5;

export interface RowActions {
  onSelect: (id: string) => void;
  onStar: (row: ExperimentActivity) => void;
  onRename: (row: ExperimentActivity) => void;
  /** Into the trash, or out of it. */
  onTrash: (rows: readonly ExperimentActivity[]) => void;
}

interface TableProps extends RowActions {
  rows: readonly ExperimentActivity[];
  selected: ReadonlySet<string>;
  deleted: boolean;
  layout: Layout;
  order: Order;
  onOrder: (order: Order) => void;
  onSelectAll: () => void;
}

export function ExperimentTable(props: TableProps) {
  const { rows, selected, layout, order, onOrder } = props;
  const { t } = useWords();
  return (
    <div className="table-frame">
      <table className="table experiments">
        <thead>
          <tr>
            <th scope="col" className="slim">
              <input
                type="checkbox"
                aria-label={t("experiments.selectAll")}
                checked={selected.size > 0 && selected.size === rows.length}
                ref={(box) => {
                  if (box) box.indeterminate = selected.size > 0 && selected.size < rows.length;
                }}
                onChange={props.onSelectAll}
              />
            </th>
            <th scope="col" className="slim">
              <span className="hidden-text">{t("star.column")}</span>
            </th>
            {COLUMNS.map((column) => (
              <HeadCell key={column} column={column} order={order} onOrder={onOrder} />
            ))}
            <th scope="col">{t("column.best")}</th>
            <th scope="col">{t("column.activity")}</th>
            <th scope="col" className="slim">
              <span className="hidden-text">{t("experiments.actions")}</span>
            </th>
          </tr>
        </thead>
        {layout === "list" ? (
          <tbody>
            {rows.map((row) => (
              <Row key={row.experiment_id} {...props} row={row} nested={false} />
            ))}
          </tbody>
        ) : (
          groupByFolder(rows, (row) => row.name).map((group) => <FolderRows key={group.folder} {...props} {...group} />)
        )}
      </table>
    </div>
  );
}

function HeadCell({ column, order, onOrder }: { column: OrderColumn } & Pick<TableProps, "order" | "onOrder">) {
  const { t } = useWords();
  const sorted = order.column === column;
  const click = () => onOrder({ column, descending: sorted ? !order.descending : column !== "name" });
  return (
    <th
      scope="col"
      className={column === "name" ? "wide" : "numeric"}
      aria-sort={sorted ? (order.descending ? "descending" : "ascending") : "none"}
    >
      <button type="button" onClick={click}>
        {t(TITLES[column])}
        {sorted ? <Icon name={order.descending ? "down" : "up"} /> : null}
      </button>
    </th>
  );
}

function FolderRows(props: TableProps & { folder: string; items: ExperimentActivity[] }) {
  const { folder, items } = props;
  const { t } = useWords();
  const [open, setOpen] = useState(true);
  return (
    <tbody>
      {folder ? (
        <tr className="folder">
          <th scope="rowgroup" colSpan={COLUMN_COUNT}>
            <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
              <Icon name={open ? "chevron" : "right"} />
              <Icon name="folder" />
              {folder}
              <span className="muted">{t("experiments.inFolder", { n: items.length })}</span>
            </button>
          </th>
        </tr>
      ) : null}
      {open ? items.map((row) => <Row key={row.experiment_id} {...props} row={row} nested={folder !== ""} />) : null}
    </tbody>
  );
}

function Row(props: TableProps & { row: ExperimentActivity; nested: boolean }) {
  const { row, nested, selected, deleted, onSelect, onStar } = props;
  const { t, language } = useWords();
  const now = useNow();
  const { folder, name } = splitPath(row.name);
  const count = (value: number | undefined) => (value ? formatCount(value, language) : "–");
  const chosen = selected.has(row.experiment_id);
  const starWord = t(row.starred ? "star.takeOf" : "star.giveOf", { name: row.name });
  return (
    <tr className={chosen ? "chosen" : undefined}>
      <td className="slim">
        <input
          type="checkbox"
          aria-label={t("select.run", { name: row.name })}
          checked={chosen}
          onChange={() => onSelect(row.experiment_id)}
        />
      </td>
      <td className="slim">
        <button
          type="button"
          className={row.starred ? "icon-button starred" : "icon-button"}
          aria-pressed={row.starred ?? false}
          aria-label={starWord}
          title={starWord}
          onClick={() => onStar(row)}
        >
          <Icon name={row.starred ? "starred" : "star"} />
        </button>
      </td>
      <td className={nested ? "wide nested" : "wide"}>
        <Link href={`/experiments/${row.experiment_id}/runs`} className="row-link">
          {nested || !folder ? null : <span className="muted">{folder}</span>}
          {name}
        </Link>
      </td>
      <td className="numeric">{formatCount(row.runs ?? 0, language)}</td>
      <td className={`numeric ${row.running ? "tone-run" : "muted"}`}>
        {row.running ? <Icon name="running" /> : null}
        {count(row.running)}
      </td>
      <td className={`numeric ${row.failed ? "tone-bad" : "muted"}`}>
        {row.failed ? <Icon name="failed" /> : null}
        {count(row.failed)}
      </td>
      <td className="numeric muted">
        {row.last_activity ? (
          <time title={formatTime(row.last_activity, language)}>{formatAge(row.last_activity, now, language)}</time>
        ) : (
          t("experiments.never")
        )}
      </td>
      <td>
        <Best row={row} />
      </td>
      <td>
        <ActivityBars days={row.daily_runs ?? []} />
      </td>
      <td className="slim">
        <MenuButton
          bare
          icon="more"
          label={t("experiments.actionsOf", { name: row.name })}
          sections={[
            {
              id: "row",
              actions: [
                ...(deleted
                  ? []
                  : [{ id: "rename", label: t("experiments.rename"), icon: "edit" as const, run: () => props.onRename(row) }]),
                {
                  id: "trash",
                  label: t(deleted ? "bulk.restore" : "bulk.delete"),
                  icon: deleted ? "restore" : "trash",
                  ...(deleted ? {} : { tone: "bad" as const }),
                  run: () => props.onTrash([row]),
                },
              ],
            },
          ]}
        />
      </td>
    </tr>
  );
}

/** The best value of the experiment's goal metric. */
function Best({ row }: { row: ExperimentActivity }) {
  const goal = goalOf(row.tags);
  if (!goal) return <span className="muted">–</span>;
  return (
    <span className="best" title={goal.metric}>
      <span className="best-name">
        {goal.metric} {goal.rising ? "↑" : "↓"}
      </span>
      <strong>{row.best === undefined ? "–" : formatNumber(toNumber(row.best))}</strong>
    </span>
  );
}
