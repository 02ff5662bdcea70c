import { useMemo, useState } from "react";
import type { ExperimentColumns } from "../../api/types";
import { ATTRIBUTES, columnId, isHiddenTag, isSystemMetric, type ColumnId } from "../../data/columns";
import { useWords, type MessageKey, type Words } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { Icon } from "../../parts/Icon";
import { attributeTitle } from "./gridColumns";

interface ChooserProps {
  known: ExperimentColumns;
  chosen: readonly ColumnId[];
  onChange: (columns: ColumnId[] | null) => void;
  onClose: () => void;
}

interface Entry {
  id: ColumnId;
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
  const entries = (kind: "param" | "metric" | "tag", columns: ExperimentColumns["params"]): Entry[] =>
    (columns ?? []).map((column) => ({
      id: columnId(kind, column.key),
      title: column.key,
      share: column.runs / most,
      runs: column.runs,
      varying: kind !== "param" || (column.distinct ?? 0) > 1,
    }));
  const metrics = known.metrics ?? [];
  return [
    {
      title: "section.attributes",
      entries: ATTRIBUTES.map((key) => ({
        id: columnId("attribute", key),
        title: attributeTitle(key, words),
        varying: true,
      })),
    },
    { title: "section.params", entries: entries("param", known.params) },
    { title: "section.metrics", entries: entries("metric", metrics.filter((metric) => !isSystemMetric(metric.key))) },
    { title: "section.system", entries: entries("metric", metrics.filter((metric) => isSystemMetric(metric.key))) },
    { title: "section.tags", entries: entries("tag", (known.tags ?? []).filter((tag) => !isHiddenTag(tag.key))) },
  ];
}

/** The drawer that says which columns the table shows. */
export function ColumnChooser({ known, chosen, onChange, onClose }: ChooserProps) {
  const words = useWords();
  const { t } = words;
  const [search, setSearch] = useState("");
  const [varyingOnly, setVaryingOnly] = useState(false);
  const sections = useMemo(() => entriesOf(known, words), [known, words]);
  const selected = new Set(chosen);
  const wanted = search.trim().toLowerCase();
  const matches = (entry: Entry) =>
    entry.title.toLowerCase().includes(wanted) && (!varyingOnly || entry.varying || selected.has(entry.id));
  const toggle = (id: ColumnId) =>
    onChange(selected.has(id) ? chosen.filter((column) => column !== id) : [...chosen, id]);

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
        <button type="button" className="button" onClick={() => onChange(null)}>
          {t("columns.reset")}
        </button>
      </div>
      <div className="chooser">
        {sections.map((section) => {
          const entries = section.entries.filter(matches);
          if (entries.length === 0) return null;
          const here = section.entries.filter((entry) => selected.has(entry.id)).length;
          return (
            <fieldset key={section.title}>
              <legend>
                {t(section.title)}
                <span className="muted">
                  {here} / {section.entries.length}
                </span>
              </legend>
              {entries.map((entry) => (
                <label key={entry.id} className="check chooser-row">
                  <input type="checkbox" checked={selected.has(entry.id)} onChange={() => toggle(entry.id)} />
                  <span className="chooser-name" title={entry.title}>
                    {entry.title}
                  </span>
                  {entry.share === undefined ? null : (
                    <span className="chooser-share" title={t("columns.coverage", { n: entry.runs ?? 0 })}>
                      {Math.round(entry.share * 100)} %
                    </span>
                  )}
                </label>
              ))}
            </fieldset>
          );
        })}
      </div>
    </Drawer>
  );
}
