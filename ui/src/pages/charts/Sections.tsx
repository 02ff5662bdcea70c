import type { RefObject } from "react";
import { labelOf } from "../../data/dimension";
import { ANALYSIS, SYSTEM, type PanelSpec, type Section } from "../../data/panels";
import { isOpen, toggleSection } from "../../data/workspace";
import { useWords, type Translate } from "../../i18n/language";
import { Empty } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Snippets } from "../../parts/Snippets";
import { METRIC_SNIPPET } from "../snippets";
import type { Shared } from "./model";
import { PanelFrame } from "./PanelFrame";
import type { ChangeWorkspace } from "./useWorkspace";
import { KIND_WORDS } from "./words";

interface SectionsProps {
  sections: readonly Section[];
  shared: Shared;
  change: ChangeWorkspace;
  /** Of the place that the panels stand in, in px. */
  width: number;
  root: RefObject<HTMLElement | null>;
  onSettings: (spec: PanelSpec) => void;
}

/** Panels beside each other in a place of a width. */
const columnsFor = (width: number) => (width >= 1500 ? 4 : width >= 840 ? 3 : width >= 520 ? 2 : 1);

function titleOf(section: Section, t: Translate): string {
  if (section.id === ANALYSIS) return t("section.analysis");
  if (section.id === SYSTEM) return t("section.system");
  return section.id || t("metrics.general");
}

/** All panels under their headings; those that the search leaves. */
export function Sections({ sections, shared, change, width, root, onSettings }: SectionsProps) {
  const { t } = useWords();
  const { workspace } = shared;
  const wanted = workspace.find.trim().toLowerCase();
  const found = sections
    .map((section) => ({
      ...section,
      panels: section.panels.filter((spec) => nameOf(spec, t).toLowerCase().includes(wanted)),
    }))
    .filter((section) => section.panels.length > 0);
  if (found.length === 0) {
    if (wanted) return <p className="charts-note">{t("chart.noMatch", { search: workspace.find.trim() })}</p>;
    return (
      <Empty icon="charts" title={t("chart.none")}>
        <Snippets snippets={METRIC_SNIPPET} />
      </Empty>
    );
  }
  const columns = columnsFor(width);
  return found.map((section) => {
    const closed = section.id === SYSTEM;
    const open = wanted !== "" || isOpen(workspace, section.id, closed);
    // A few curves share the width of the page; two beside each other at least.
    const lines = section.panels.filter((spec) => spec.kind === "lines").length;
    const across = section.id === ANALYSIS ? columns : Math.min(columns, Math.max(2, lines));
    const ids = section.panels.map((spec) => spec.id);
    return (
      <section key={section.id} className="charts-section">
        <h2>
          <button
            type="button"
            aria-expanded={open}
            onClick={() => change((now) => toggleSection(now, section.id, closed))}
          >
            <Icon name={open ? "chevron" : "right"} />
            {titleOf(section, t)}
          </button>
          <span className="count">{section.panels.length}</span>
        </h2>
        {open ? (
          <div className="charts-grid">
            {section.panels.map((spec) => (
              <PanelFrame
                key={spec.id}
                spec={spec}
                shared={shared}
                change={change}
                section={ids}
                columns={across}
                root={root}
                onSettings={onSettings}
              />
            ))}
          </div>
        ) : null}
      </section>
    );
  });
}

/** What a search looks at. */
function nameOf(spec: PanelSpec, t: Translate): string {
  if (spec.kind === "lines") return spec.fields.metric?.[0] ? labelOf(spec.fields.metric[0]) : "";
  return [t(KIND_WORDS[spec.kind]), ...Object.values(spec.fields).flat()].join(" ");
}
