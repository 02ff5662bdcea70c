import { useState, type ReactNode, type RefObject } from "react";
import type { ExperimentColumns } from "../../api/types";
import type { Term } from "../../data/filtertext";
import type { ViewState } from "../../data/viewstate";
import { useWords } from "../../i18n/language";
import { FilterBar, type FilterFault } from "../../parts/FilterBar";
import { Icon } from "../../parts/Icon";
import type { MenuAction } from "../../parts/PopMenu";
import { MenuButton, ToolButton } from "../../parts/ToolButton";
import { Chips } from "./Chips";
import { GroupPanel } from "./GroupPanel";
import { groupingName } from "./groupText";
import { SortPanel } from "./SortPanel";
import { SyntaxCard } from "./SyntaxCard";
import { fullTitle } from "./titles";
import type { Filter } from "../useFilter";

interface ToolsProps {
  field: RefObject<HTMLInputElement | null>;
  filter: Filter;
  fault: FilterFault | null;
  busy: boolean;
  placeholder: string;
  result: ReactNode;
  view: ViewState;
  known: ExperimentColumns;
  /** Ways to take all runs that match along. */
  exports: readonly MenuAction[];
  /** How many columns are shown. */
  columns: number;
  /** Whether there are charts only: what is about the table is left out. */
  chartsOnly: boolean;
  go: (change: Partial<ViewState>) => void;
  onLeave: () => void;
  onColumns: () => void;
}

/** What stands above the table: the filter, its conditions, and how the table is put together. */
export function RunsTools(props: ToolsProps) {
  const { field, filter, fault, busy, view, known, go } = props;
  const words = useWords();
  const { t } = words;
  const edit = (term: Term) => {
    const lead = filter.draft.indexOf(term.text);
    field.current?.focus();
    if (lead >= 0) field.current?.setSelectionRange(lead, lead + term.text.length);
  };
  const exporting = { id: "export", heading: t("tools.export"), actions: props.exports };
  const [helping, setHelping] = useState(false);
  const [sort] = view.sort;
  return (
    <div className="runs-tools">
      <FilterBar
        field={field}
        value={filter.draft}
        fault={fault}
        busy={busy}
        placeholder={props.placeholder}
        completions={filter.completions}
        result={props.result}
        onChange={filter.setDraft}
        onCaret={filter.setCaret}
        onComplete={filter.complete}
        onCommit={filter.settle}
        onLeave={props.onLeave}
        onHelp={() => setHelping(true)}
      />
      {helping ? (
        <SyntaxCard
          known={known}
          onClose={() => setHelping(false)}
          onTry={(text) => {
            setHelping(false);
            filter.setDraft(text);
          }}
        />
      ) : null}
      <div className="runs-tools-row">
        {props.chartsOnly ? null : (
          <ToolButton
            icon="group"
            label={t("tools.group")}
            active={view.groups.length > 0}
            detail={view.groups.length ? view.groups.map((by) => groupingName(by, words)).join(", ") : undefined}
          >
            {() => <GroupPanel view={view} known={known} go={go} />}
          </ToolButton>
        )}
        <ToolButton
          icon="sort"
          label={t("tools.sort")}
          active={sort !== undefined}
          detail={sort ? `${fullTitle(sort.column, words)} ${sort.descending ? "↓" : "↑"}${view.sort.length > 1 ? ` +${view.sort.length - 1}` : ""}` : undefined}
        >
          {() => <SortPanel view={view} known={known} go={go} />}
        </ToolButton>
        {props.chartsOnly ? null : (
          <>
            <button type="button" className="button tool" onClick={props.onColumns}>
              <Icon name="columns" />
              <span>{t("columns.title")}</span>
              <span className="tool-detail">{props.columns || ""}</span>
            </button>
            <MenuButton icon="more" bare label={t("tools.more")} sections={[...lookSections(view, go, t), exporting]} />
          </>
        )}
        <Chips terms={filter.terms} onChange={(text) => filter.setDraft(text)} onEdit={edit} />
      </div>
    </div>
  );
}

function lookSections(view: ViewState, go: ToolsProps["go"], t: ReturnType<typeof useWords>["t"]) {
  return [
    {
      id: "density",
      heading: t("tools.rows"),
      actions: [
        { id: "compact", label: t("density.compact"), checked: view.density === "compact", run: () => go({ density: "compact" }) },
        { id: "normal", label: t("density.normal"), checked: view.density === "normal", run: () => go({ density: "normal" }) },
      ],
    },
    {
      id: "children",
      heading: t("tools.children"),
      actions: [
        { id: "flat", label: t("children.flat"), checked: !view.nested, run: () => go({ nested: false }) },
        { id: "nested", label: t("children.nested"), checked: view.nested, run: () => go({ nested: true, groups: [] }) },
      ],
    },
    {
      id: "state",
      heading: t("tools.state"),
      actions: [
        { id: "active", label: t("state.active"), checked: !view.deleted, run: () => go({ deleted: false }) },
        { id: "deleted", label: t("state.deleted"), checked: view.deleted, run: () => go({ deleted: true }) },
      ],
    },
  ];
}
