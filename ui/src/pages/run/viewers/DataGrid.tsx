import { useMemo, useState } from "react";
import { artifactAddress } from "../../../api/server";
import { cellText, imageOf, type TextTable } from "../../../data/delimited";
import { useWords } from "../../../i18n/language";
import { Icon } from "../../../parts/Icon";
import { LongText } from "../../../parts/LongText";
import { Pager } from "../Pager";

const PAGE = 100;

interface DataGridProps {
  runId: string;
  table: TextTable;
  label: string;
}

interface Order {
  column: number;
  down: boolean;
}

/** Rows of a file, a page at a time; a click on a head sorts by it. */
export function DataGrid({ runId, table, label }: DataGridProps) {
  const { t, language } = useWords();
  const [order, setOrder] = useState<Order | null>(null);
  const [page, setPage] = useState(0);
  const numeric = useMemo(() => table.head.map((_name, column) => isNumeric(table.rows, column)), [table]);
  const rows = useMemo(() => (order ? sorted(table.rows, order, numeric[order.column] ?? false) : table.rows), [table, order, numeric]);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const at = Math.min(page, pages - 1);
  const sortBy = (column: number) =>
    setOrder(order?.column !== column ? { column, down: false } : order.down ? null : { column, down: true });
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys */}
      <div className="data-grid" tabIndex={0} role="group" aria-label={label}>
        <table className="table table-tight">
          <thead>
            <tr>
              <th scope="col" className="numeric muted">
                #
              </th>
              {table.head.map((name, column) => (
                <th
                  // oxlint-disable-next-line react/no-array-index-key -- names may occur twice
                  key={column}
                  scope="col"
                  className={numeric[column] ? "numeric" : undefined}
                  aria-sort={order?.column === column ? (order.down ? "descending" : "ascending") : undefined}
                >
                  <button type="button" onClick={() => sortBy(column)}>
                    {name}
                    {order?.column === column ? <Icon name={order.down ? "down" : "up"} /> : null}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(at * PAGE, (at + 1) * PAGE).map((row, index) => (
              // oxlint-disable-next-line react/no-array-index-key -- rows have no name of their own
              <tr key={index}>
                <td className="numeric muted">{(at * PAGE + index + 1).toLocaleString(language)}</td>
                {table.head.map((_name, column) => (
                  // oxlint-disable-next-line react/no-array-index-key -- as above
                  <td key={column} className={numeric[column] ? "numeric" : undefined}>
                    <Cell runId={runId} value={row[column]} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="viewer-foot">
        <span>{table.cut ? t("viewer.firstRows", { n: rows.length }) : t("dataset.rows", { n: rows.length })}</span>
        <Pager page={at} pages={pages} onPage={setPage} />
      </div>
    </>
  );
}

function Cell({ runId, value }: { runId: string; value: unknown }) {
  const image = imageOf(value);
  if (image) return <img className="cell-image" src={artifactAddress(runId, image)} alt={image} loading="lazy" />;
  return <LongText text={cellText(value)} />;
}

const numberOf = (cell: unknown) => (cell === "" || cell === null || cell === undefined ? Number.NaN : Number(cell));

function isNumeric(rows: TextTable["rows"], column: number): boolean {
  const cells = rows.slice(0, PAGE).flatMap((row) => (cellText(row[column]) === "" ? [] : [row[column]]));
  return cells.length > 0 && cells.every((cell) => typeof cell !== "object" && (Number.isFinite(numberOf(cell)) || /^-?(?:nan|inf(?:inity)?)$/i.test(cellText(cell))));
}

function sorted(rows: TextTable["rows"], { column, down }: Order, numeric: boolean): TextTable["rows"] {
  const sign = down ? -1 : 1;
  return rows.toSorted((one, other) => {
    if (!numeric) return sign * cellText(one[column]).localeCompare(cellText(other[column]));
    const [a, b] = [numberOf(one[column]), numberOf(other[column])];
    // What is no number stands last, either way.
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return sign * (a - b);
  });
}
