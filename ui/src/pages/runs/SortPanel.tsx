import type { ExperimentColumns } from "../../api/types";
import { columnKind, sortable, type Sort } from "../../data/columns";
import type { ViewState } from "../../data/viewstate";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { Picker } from "../../parts/Picker";
import { columnOptions } from "./columnOptions";
import { fullTitle } from "./titles";

const MAX_SORTS = 3;

interface SortPanelProps {
  view: ViewState;
  known: ExperimentColumns;
  go: (change: Partial<ViewState>) => void;
}

/** The columns that the table is sorted by, the weightiest first. */
export function SortPanel({ view, known, go }: SortPanelProps) {
  const words = useWords();
  const { t } = words;
  const put = (sort: readonly Sort[]) => go({ sort });
  const chosen = new Set(view.sort.map((sort) => sort.column));
  const options = columnOptions(known, (id) => sortable(id) && !chosen.has(id), words);
  return (
    <div className="choices">
      {view.sort.map((sort, index) => (
        <div key={sort.column} className="choices-row">
          <span className="choices-name" title={fullTitle(sort.column, words)}>
            {fullTitle(sort.column, words)}
          </span>
          <button
            type="button"
            className="button tool"
            onClick={() => put(view.sort.with(index, { ...sort, descending: !sort.descending }))}
          >
            <Icon name={sort.descending ? "down" : "up"} />
            <span>{t(sort.descending ? "sort.descending" : "sort.ascending")}</span>
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={t("sort.remove", { column: fullTitle(sort.column, words) })}
            onClick={() => put(view.sort.toSpliced(index, 1))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {view.sort.length < MAX_SORTS ? (
        <Picker
          key={view.sort.length}
          label={t(view.sort.length ? "sort.then" : "sort.by")}
          options={options}
          onPick={(id) => put([...view.sort, { column: id, descending: columnKind(id) === "metric" }])}
        />
      ) : null}
    </div>
  );
}
