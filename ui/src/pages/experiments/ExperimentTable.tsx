import { useState } from "react";
import { Link } from "wouter";
import type { ExperimentActivity } from "../../api/types";
import { groupByFolder, splitPath } from "../../data/folders";
import { formatAge, formatCount, formatTime } from "../../data/format";
import { useWords, type MessageKey } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { useNow } from "../../parts/Now";
import { COLUMNS, type Order, type OrderColumn } from "./order";

export type Layout = "list" | "tree";

const TITLES: Record<OrderColumn, MessageKey> = {
  name: "column.name",
  runs: "column.runs",
  running: "column.running",
  failed: "column.failed",
  last_activity: "column.lastActivity",
};

interface TableProps {
  rows: readonly ExperimentActivity[];
  layout: Layout;
  order: Order;
  onOrder: (order: Order) => void;
}

export function ExperimentTable({ rows, layout, order, onOrder }: TableProps) {
  return (
    <div className="table-frame">
      <table className="table experiments">
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <HeadCell key={column} column={column} order={order} onOrder={onOrder} />
            ))}
          </tr>
        </thead>
        {layout === "list" ? (
          <tbody>
            {rows.map((row) => (
              <Row key={row.experiment_id} row={row} nested={false} />
            ))}
          </tbody>
        ) : (
          groupByFolder(rows, (row) => row.name).map((group) => <FolderRows key={group.folder} {...group} />)
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
      className={column === "name" ? undefined : "numeric"}
      aria-sort={sorted ? (order.descending ? "descending" : "ascending") : "none"}
    >
      <button type="button" onClick={click}>
        {t(TITLES[column])}
        {sorted ? <Icon name={order.descending ? "down" : "up"} /> : null}
      </button>
    </th>
  );
}

function FolderRows({ folder, items }: { folder: string; items: ExperimentActivity[] }) {
  const { t } = useWords();
  const [open, setOpen] = useState(true);
  return (
    <tbody>
      {folder ? (
        <tr className="folder">
          <th scope="rowgroup" colSpan={COLUMNS.length}>
            <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
              <Icon name={open ? "chevron" : "right"} />
              <Icon name="folder" />
              {folder}
              <span className="muted">{t("experiments.inFolder", { n: items.length })}</span>
            </button>
          </th>
        </tr>
      ) : null}
      {open ? items.map((row) => <Row key={row.experiment_id} row={row} nested={folder !== ""} />) : null}
    </tbody>
  );
}

function Row({ row, nested }: { row: ExperimentActivity; nested: boolean }) {
  const { t, language } = useWords();
  const now = useNow();
  const { folder, name } = splitPath(row.name);
  const count = (value: number | undefined) => (value ? formatCount(value, language) : "–");
  return (
    <tr>
      <td className={nested ? "nested" : undefined}>
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
    </tr>
  );
}
