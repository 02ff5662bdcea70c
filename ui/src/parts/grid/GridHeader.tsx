import { useWords } from "../../i18n/language";
import { Icon } from "../Icon";
import type { GridColumn, GridSort } from "./model";
import { cellId } from "./pool";

interface GridHeaderProps {
  name: string;
  pinned: GridColumn;
  columns: readonly GridColumn[];
  edges: readonly number[];
  /** Columns [from, to) are drawn. */
  from: number;
  to: number;
  sort: GridSort;
  /** The id of the cell that the keys move from. */
  activeId: string | undefined;
  onSort: (column: string) => void;
  sectionNote: (section: string) => string;
  onSection: (section: string) => void;
}

interface Section {
  title: string;
  left: number;
  width: number;
  /** Index of its first column, and how many it has. */
  first: number;
  span: number;
}

function sectionsOf(columns: readonly GridColumn[], edges: readonly number[]): Section[] {
  const found: Section[] = [];
  for (const [index, column] of columns.entries()) {
    const last = found.at(-1);
    if (last?.title === column.section) {
      last.width += column.width;
      last.span += 1;
    } else found.push({ title: column.section, left: edges[index] ?? 0, width: column.width, first: index, span: 1 });
  }
  return found;
}

/** The two header lines: sections above, column names below. */
export function GridHeader(props: GridHeaderProps) {
  const { columns, pinned, edges, from, to } = props;
  return (
    <div className="grid-head" role="rowgroup" style={{ width: edges.at(-1) }}>
      <div className="grid-sections" role="row" aria-rowindex={1}>
        <div className="grid-section-corner" style={{ width: pinned.width }} />
        {sectionsOf(columns, edges).map((section) => (
          <SectionTitle key={`${section.title}-${section.left}`} {...props} section={section} />
        ))}
      </div>
      <div className="grid-titles" role="row" aria-rowindex={2}>
        <ColumnTitle {...props} column={pinned} index={0} />
        {columns.slice(from, to).map((column, offset) => (
          <ColumnTitle key={column.id} {...props} column={column} index={from + offset + 1} />
        ))}
      </div>
    </div>
  );
}

function SectionTitle({ section, sectionNote, onSection, pinned }: GridHeaderProps & { section: Section }) {
  const note = sectionNote(section.title);
  return (
    <div
      className={`grid-section${section.first === 0 ? " grid-section-first" : ""}`}
      role="columnheader"
      aria-colindex={section.first + 2}
      aria-colspan={section.span}
      style={{ left: section.left, width: section.width }}
    >
      <span className="grid-section-text" style={{ left: pinned.width }}>
        {section.title}
        {note ? (
          <button type="button" tabIndex={-1} className="grid-section-note" onClick={() => onSection(section.title)}>
            {note}
          </button>
        ) : null}
      </span>
    </div>
  );
}

function ColumnTitle(props: GridHeaderProps & { column: GridColumn; index: number }) {
  const { column, index, sort, edges, columns, onSort, name, activeId } = props;
  const { t } = useWords();
  const sorted = sort.column === column.id ? (sort.descending ? "descending" : "ascending") : undefined;
  const first = index > 1 && column.section !== columns[index - 2]?.section;
  const classes = ["grid-title", `grid-${column.align}`];
  if (index === 0) classes.push("grid-pinned");
  if (first) classes.push("grid-title-first");
  if (sorted) classes.push("grid-title-sorted");
  const id = cellId(name, -1, index);
  if (id === activeId) classes.push("grid-cell-active");
  return (
    <div
      className={classes.join(" ")}
      role="columnheader"
      id={id}
      aria-colindex={index + 1}
      aria-sort={column.sortable ? (sorted ?? "none") : undefined}
      style={{ width: column.width, left: index === 0 ? undefined : edges[index - 1] }}
    >
      {column.sortable ? (
        <button
          type="button"
          tabIndex={-1}
          title={t("grid.sort", { column: column.hint ?? column.title })}
          onClick={() => onSort(column.id)}
        >
          <span className="grid-title-text">{column.title}</span>
          {sorted ? <Icon name={sorted === "descending" ? "down" : "up"} /> : null}
        </button>
      ) : (
        <span className="grid-title-text" title={column.hint ?? column.title}>
          {column.title}
        </span>
      )}
    </div>
  );
}
