import { formatNumber } from "../../data/format";
import { useWords } from "../../i18n/language";
import type { TableData } from "./model";

const MOST = 200;

/** A chart's numbers as a table; long ones are cut. */
export function DataTable({ data, label }: { data: TableData; label: string }) {
  const { t } = useWords();
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="data-table" tabIndex={0} role="region" aria-label={label}>
      <table className="table table-tight">
        <thead>
          <tr>
            {data.head.map((title, index) => (
              <th key={title} scope="col" className={index ? "numeric" : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.rows.slice(0, MOST).map((row, number) => (
            // oxlint-disable-next-line react/no-array-index-key -- rows have no name of their own
            <tr key={number}>
              {row.map((cell, index) => (
                // oxlint-disable-next-line react/no-array-index-key -- as above
                <td key={index} className={index ? "numeric" : undefined}>
                  {typeof cell === "number" ? formatNumber(cell) : (cell ?? "–")}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {data.rows.length > MOST ? <p className="muted data-more">{t("chart.moreRows", { n: data.rows.length - MOST })}</p> : null}
    </div>
  );
}
