import type { BinScale, ExperimentColumns } from "../../api/types";
import { groupable } from "../../data/columns";
import { STATISTICS, type GroupBy, type Statistic, type ViewState } from "../../data/viewstate";
import { useWords, type MessageKey } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { Picker } from "../../parts/Picker";
import { columnOptions } from "./columnOptions";
import { groupsWith, mayHaveBins, needsBins } from "./grouping";
import { columnTitle } from "./titles";

const MAX_GROUPS = 3;
const BINS = [2, 3, 4, 5, 8, 10, 20];
const SCALES: Record<BinScale, MessageKey> = { equal: "group.equal", quantile: "group.quantile", log: "group.log" };
export const STATISTIC_WORDS: Record<Statistic, MessageKey> = {
  mean: "group.mean",
  median: "group.median",
  min: "group.min",
  max: "group.max",
  count: "group.count",
};

interface GroupPanelProps {
  view: ViewState;
  known: ExperimentColumns;
  go: (change: Partial<ViewState>) => void;
}

/** By what runs are put together, and what is said of each group. */
export function GroupPanel({ view, known, go }: GroupPanelProps) {
  const words = useWords();
  const { t } = words;
  const put = (groups: readonly GroupBy[]) => go({ groups, nested: false });
  const chosen = new Set(view.groups.map((by) => by.column));
  const options = columnOptions(known, (id) => groupable(id) && !chosen.has(id), words);
  return (
    <div className="choices">
      {view.groups.map((by, index) => (
        <div key={by.column} className="choices-row">
          <span className="choices-name" title={columnTitle(by.column, words)}>
            {columnTitle(by.column, words)}
          </span>
          {mayHaveBins(by.column) ? (
            <Bins by={by} onChange={(next) => put(view.groups.with(index, next))} />
          ) : null}
          <button
            type="button"
            className="icon-button"
            aria-label={t("group.remove", { column: columnTitle(by.column, words) })}
            onClick={() => put(view.groups.toSpliced(index, 1))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {view.groups.length ? (
        <label className="choices-row">
          <span className="choices-name muted">{t("group.statistic")}</span>
          <select
            value={view.statistic}
            onChange={(event) => go({ statistic: STATISTICS.find((name) => name === event.target.value) ?? "mean" })}
          >
            {STATISTICS.map((name) => (
              <option key={name} value={name}>
                {t(STATISTIC_WORDS[name])}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      {view.groups.length < MAX_GROUPS ? (
        <Picker
          key={view.groups.length}
          label={t(view.groups.length ? "group.then" : "group.by")}
          options={options}
          onPick={(id) => put(groupsWith(view.groups, id))}
        />
      ) : null}
    </div>
  );
}

function Bins({ by, onChange }: { by: GroupBy; onChange: (by: GroupBy) => void }) {
  const { t } = useWords();
  return (
    <>
      <select
        aria-label={t("group.bins")}
        value={by.bins ?? 0}
        onChange={(event) => onChange({ ...by, bins: Number(event.target.value) || null })}
      >
        {needsBins(by.column) ? null : <option value={0}>{t("group.values")}</option>}
        {BINS.map((count) => (
          <option key={count} value={count}>
            {t("group.binCount", { n: count })}
          </option>
        ))}
      </select>
      {by.bins === null ? null : (
        <select
          aria-label={t("group.scale")}
          value={by.scale}
          onChange={(event) => onChange({ ...by, scale: event.target.value as BinScale })}
        >
          {(Object.keys(SCALES) as BinScale[]).map((scale) => (
            <option key={scale} value={scale}>
              {t(SCALES[scale])}
            </option>
          ))}
        </select>
      )}
    </>
  );
}
