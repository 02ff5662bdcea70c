import { useMemo, useState } from "react";
import type { ExperimentColumns } from "../../api/types";
import {
  ATTRIBUTES,
  columnId,
  columnKey,
  columnKind,
  DATASET_KEYS,
  isHiddenTag,
  isSystemMetric,
  REDUCTIONS,
  shiftColumn,
  withColumn,
  type ColumnId,
  type ColumnKind,
} from "../../data/columns";
import { useWords, type MessageKey, type Words } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { Icon } from "../../parts/Icon";
import { columnTitle, fullTitle, REDUCTION_WORDS } from "./titles";

interface ChooserProps {
  known: ExperimentColumns;
  chosen: readonly ColumnId[];
  frozen: readonly ColumnId[];
  onChange: (columns: ColumnId[] | null) => void;
  onFreeze: (frozen: ColumnId[]) => void;
  /** Asks which columns differ among the runs that are found, and shows them. */
  onDiffering: () => void;
  onClose: () => void;
}

interface Entry {
  kind: ColumnKind;
  key: string;
  title: string;
  /** Share of the newest runs that have it; absent for attributes. */
  share?: number;
  runs?: number;
  varying: boolean;
}

interface Section {
  title: MessageKey;
  entries: Entry[];
}

function entriesOf(known: ExperimentColumns, words: Words): Section[] {
  const all = [...(known.params ?? []), ...(known.metrics ?? []), ...(known.tags ?? [])];
  const most = Math.max(1, ...all.map((column) => column.runs));
  const entries = (kind: ColumnKind, columns: ExperimentColumns["params"]): Entry[] =>
    (columns ?? []).map((column) => ({
      kind,
      key: column.key,
      title: column.key,
      share: column.runs / most,
      runs: column.runs,
      varying: kind !== "param" || (column.distinct ?? 0) > 1,
    }));
  const plain = (kind: ColumnKind, keys: readonly string[]): Entry[] =>
    keys.map((key) => ({ kind, key, title: columnTitle(columnId(kind, key), words), varying: true }));
  const metrics = known.metrics ?? [];
  return [
    { title: "section.attributes", entries: plain("attribute", ATTRIBUTES) },
    { title: "section.datasets", entries: plain("dataset", DATASET_KEYS) },
    { title: "section.params", entries: entries("param", known.params) },
    { title: "section.metrics", entries: entries("metric", metrics.filter((metric) => !isSystemMetric(metric.key))) },
    { title: "section.system", entries: entries("metric", metrics.filter((metric) => isSystemMetric(metric.key))) },
    { title: "section.tags", entries: entries("tag", (known.tags ?? []).filter((tag) => !isHiddenTag(tag.key))) },
  ];
}

const hasKey = (columns: readonly ColumnId[], { kind, key }: Entry) =>
  columns.some((id) => columnKind(id) === kind && columnKey(id) === key);

/** The drawer that says which columns the table shows, and in which order. */
export function ColumnChooser(props: ChooserProps) {
  const { known, chosen, frozen, onChange, onFreeze, onDiffering, onClose } = props;
  const words = useWords();
  const { t } = words;
  const [search, setSearch] = useState("");
  const [varyingOnly, setVaryingOnly] = useState(false);
  const sections = useMemo(() => entriesOf(known, words), [known, words]);
  const wanted = search.trim().toLowerCase();
  const matches = (entry: Entry) =>
    entry.title.toLowerCase().includes(wanted) && (!varyingOnly || entry.varying || hasKey(chosen, entry));
  const put = (id: ColumnId, shown: boolean) =>
    onChange(shown ? withColumn(chosen, id) : chosen.filter((column) => column !== id));
  const drop = ({ kind, key }: Entry) =>
    onChange(chosen.filter((id) => columnKind(id) !== kind || columnKey(id) !== key));

  return (
    <Drawer title={t("columns.title")} onClose={onClose}>
      <div className="chooser-tools">
        <label className="field">
          <Icon name="search" />
          <span className="hidden-text">{t("columns.search")}</span>
          <input
            type="search"
            value={search}
            placeholder={t("columns.search")}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
        <label className="check">
          <input type="checkbox" checked={varyingOnly} onChange={(event) => setVaryingOnly(event.target.checked)} />
          {t("columns.varying")}
        </label>
        <div className="chooser-buttons">
          <button type="button" className="button tool" onClick={onDiffering}>
            {t("columns.differing")}
          </button>
          <button type="button" className="button tool" onClick={() => onChange(null)}>
            {t("columns.reset")}
          </button>
        </div>
      </div>
      <div className="chooser">
        {wanted ? null : (
          <Shown chosen={chosen} frozen={frozen} onChange={onChange} onFreeze={onFreeze} onHide={(id) => put(id, false)} />
        )}
        {sections.map((section) => {
          const entries = section.entries.filter(matches);
          if (entries.length === 0) return null;
          const here = section.entries.filter((entry) => hasKey(chosen, entry)).length;
          return (
            <fieldset key={section.title}>
              <legend>
                {t(section.title)}
                <span className="muted">
                  {here} / {section.entries.length}
                </span>
              </legend>
              {entries.map((entry) => (
                <div key={entry.key} className="chooser-row">
                  <label className="check">
                    <input
                      type="checkbox"
                      checked={hasKey(chosen, entry)}
                      onChange={(event) => (event.target.checked ? put(columnId(entry.kind, entry.key), true) : drop(entry))}
                    />
                    <span className="chooser-name" title={entry.title}>
                      {entry.title}
                    </span>
                  </label>
                  {entry.kind === "metric" && hasKey(chosen, entry) ? (
                    <Reductions metric={entry.key} chosen={chosen} onPut={put} />
                  ) : entry.share === undefined ? null : (
                    <span className="chooser-share" title={t("columns.coverage", { n: entry.runs ?? 0 })}>
                      {Math.round(entry.share * 100)} %
                    </span>
                  )}
                </div>
              ))}
            </fieldset>
          );
        })}
      </div>
    </Drawer>
  );
}

interface ReductionsProps {
  metric: string;
  chosen: readonly ColumnId[];
  onPut: (id: ColumnId, shown: boolean) => void;
}

/** Which of a metric's values are columns. */
function Reductions({ metric, chosen, onPut }: ReductionsProps) {
  const { t } = useWords();
  return (
    <span className="chooser-reductions" role="group" aria-label={metric}>
      {REDUCTIONS.map((reduction) => {
        const id = columnId("metric", metric, reduction);
        const shown = chosen.includes(id);
        return (
          <button key={reduction} type="button" aria-pressed={shown} onClick={() => onPut(id, !shown)}>
            {t(REDUCTION_WORDS[reduction])}
          </button>
        );
      })}
    </span>
  );
}

interface ShownProps {
  chosen: readonly ColumnId[];
  frozen: readonly ColumnId[];
  onChange: (columns: ColumnId[]) => void;
  onFreeze: (frozen: ColumnId[]) => void;
  onHide: (id: ColumnId) => void;
}

/** The columns in the table's order, each with buttons that move, freeze and hide it. */
function Shown({ chosen, frozen, onChange, onFreeze, onHide }: ShownProps) {
  const words = useWords();
  const { t } = words;
  return (
    <details className="chooser-shown">
      <summary>
        {t("columns.shown")} <span className="muted">{chosen.length}</span>
      </summary>
      <ol>
        {chosen.map((id) => {
          const title = fullTitle(id, words);
          const still = frozen.includes(id);
          return (
            <li key={id} className="chooser-row">
              <span className="chooser-name" title={title}>
                {title}
              </span>
              <button
                type="button"
                className="icon-button"
                aria-label={t("column.leftOf", { column: title })}
                onClick={() => onChange(shiftColumn(chosen, frozen, id, -1))}
              >
                <Icon name="up" />
              </button>
              <button
                type="button"
                className="icon-button"
                aria-label={t("column.rightOf", { column: title })}
                onClick={() => onChange(shiftColumn(chosen, frozen, id, 1))}
              >
                <Icon name="down" />
              </button>
              <button
                type="button"
                className="icon-button"
                aria-pressed={still}
                aria-label={t("column.freezeOf", { column: title })}
                onClick={() => onFreeze(still ? frozen.filter((one) => one !== id) : [...frozen, id])}
              >
                <Icon name="pin" />
              </button>
              <button
                type="button"
                className="icon-button"
                aria-label={t("column.hideOf", { column: title })}
                onClick={() => onHide(id)}
              >
                <Icon name="close" />
              </button>
            </li>
          );
        })}
      </ol>
    </details>
  );
}
