import type { RunHead } from "../../api/types";
import { writeValue } from "../../charts/plotaxis";
import type { Column } from "../../data/runtable";
import { useWords } from "../../i18n/language";
import { runName } from "./model";

/** What a run's dot stands for: its name, and its values of the columns that are shown. */
export function RunTip({ run, columns, index }: { run: Pick<RunHead, "run_id" | "run_name"> | undefined; columns: readonly Column[]; index: number }) {
  const { language } = useWords();
  return (
    <>
      <div className="tip-head">{runName(run ?? { run_id: "" })}</div>
      <table>
        <tbody>
          {columns.map((column) => (
            <tr key={column.id}>
              <th scope="row">{column.label}</th>
              <td>{writeValue(column, index, language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
