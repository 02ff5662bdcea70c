import type { ReactNode } from "react";
import { useWords } from "../../i18n/language";
import { Icon } from "../Icon";
import { useColumnDrag, type DragActions } from "./drag";
import type { GridColumn, GridSort, Spot } from "./model";
import { cellId } from "./pool";

export interface HeaderActions extends DragActions {
  /** `further`: beside the columns that are sorted already. */
  onSort: (column: string, further: boolean) => void;
  onMenu: (column: string, spot: Spot) => void;
  /** Moves a column by one place to the right (1) or to the left (-1). */
  onShift: (column: string, by: number) => void;
  sectionNote: (section: string) => string;
  onSection: (section: string) => void;
  /** The box above the boxes that select rows. */
  selectAll: { checked: boolean; some: boolean; onChange: () => void };
}

interface GridHeaderProps extends HeaderActions {
  name: string;
  fixed: readonly GridColumn[];
  columns: readonly GridColumn[];
  fixedWidth: number;
  edges: readonly number[];
  /** Columns [from, to) are drawn. */
  from: number;
  to: number;
  sort: readonly GridSort[];
  /** The id of the cell that the keys move from. */
  activeId: string | undefined;
  /** Rows that stay below the header. */
  children: ReactNode;
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

/** The two header lines: sections above, column names below; then the rows that stay. */
export function GridHeader(props: GridHeaderProps) {
  const { columns, fixed, edges, from, to, fixedWidth } = props;
  const drag = useColumnDrag(columns, edges, props);
  const sections = sectionsOf(columns, edges);
  return (
    <div className="grid-head" style={{ width: edges.at(-1) }} role="presentation">
      <div className="grid-titles-group" role="rowgroup">
        <div className="grid-sections" role="row" aria-rowindex={1}>
          <div className="grid-section-corner" style={{ width: fixedWidth }} />
          {sections.map((section, index) => (
            <SectionTitle
              key={`${section.title}-${section.left}`}
              {...props}
              section={section}
              last={!sections.slice(index + 1).some((later) => later.title === section.title)}
            />
          ))}
        </div>
        <div className="grid-titles" role="row" aria-rowindex={2}>
          <div className="grid-fixed" role="presentation" style={{ width: fixedWidth }}>
            {fixed.map((column, index) => (
              <ColumnTitle
                key={column.id}
                {...props}
                column={column}
                index={index}
                left={fixed.slice(0, index).reduce((sum, before) => sum + before.width, 0)}
                first={false}
                drag={drag}
              />
            ))}
          </div>
          {columns.slice(from, to).map((column, offset) => (
            <ColumnTitle
              key={column.id}
              {...props}
              column={column}
              index={fixed.length + from + offset}
              left={edges[from + offset] ?? 0}
              first={from + offset > 0 && column.section !== columns[from + offset - 1]?.section}
              drag={drag}
            />
          ))}
          {drag.line === null ? null : <div className="grid-drop" style={{ left: drag.line }} />}
        </div>
      </div>
      {props.children}
    </div>
  );
}

function SectionTitle(props: GridHeaderProps & { section: Section; last: boolean }) {
  const { section, last, sectionNote, onSection, fixed, fixedWidth } = props;
  const note = last ? sectionNote(section.title) : "";
  return (
    <div
      className={`grid-section${section.first === 0 ? " grid-section-first" : ""}`}
      role="columnheader"
      aria-colindex={section.first + fixed.length + 1}
      aria-colspan={section.span}
      style={{ left: section.left, width: section.width }}
    >
      <span className="grid-section-text" style={{ left: fixedWidth }}>
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

interface TitleProps extends GridHeaderProps {
  column: GridColumn;
  index: number;
  left: number;
  /** Whether a section begins here. */
  first: boolean;
  drag: ReturnType<typeof useColumnDrag>;
}

function ColumnTitle(props: TitleProps) {
  const { column, index, sort, left, first, name, activeId, drag, selectAll } = props;
  const { t } = useWords();
  const place = sort.findIndex((one) => one.column === column.id);
  const sorted = place < 0 ? undefined : sort[place]?.descending ? "descending" : "ascending";
  const classes = ["grid-title", `grid-${column.align}`];
  if (first) classes.push("grid-title-first");
  if (sorted) classes.push("grid-title-sorted");
  if (drag.moving === column.id) classes.push("grid-title-moving");
  const id = cellId(name, -1, index);
  if (id === activeId) classes.push("grid-cell-active");
  if (column.id === "select") {
    return (
      <div className="grid-title grid-select" role="columnheader" id={id} aria-colindex={1} style={{ left, width: column.width }}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={column.hint}
          title={column.hint}
          checked={selectAll.checked}
          ref={(box) => {
            if (box) box.indeterminate = selectAll.some && !selectAll.checked;
          }}
          onChange={selectAll.onChange}
        />
      </div>
    );
  }
  return (
    <div
      className={classes.join(" ")}
      role="columnheader"
      id={id}
      aria-label={column.hint ?? column.title}
      aria-colindex={index + 1}
      aria-sort={column.sortable ? (sorted ?? "none") : undefined}
      style={{ width: column.width, left }}
    >
      <TitleText {...props} sorted={sorted} weight={place >= 0 && sort.length > 1 ? place + 1 : 0} />
      {column.fixed ? null : (
        <>
          <button
            type="button"
            tabIndex={-1}
            className="grid-title-menu"
            aria-label={t("grid.menu", { column: column.title })}
            aria-haspopup="menu"
            onClick={(event) => {
              const box = event.currentTarget.getBoundingClientRect();
              props.onMenu(column.id, { x: box.left, y: box.bottom });
            }}
          >
            <Icon name="more" />
          </button>
          <span
            className="grid-resize"
            onPointerDown={(event) => drag.resize(event, column)}
            onDoubleClick={() => props.onResize(column.id, null)}
          />
        </>
      )}
    </div>
  );
}

function TitleText(props: TitleProps & { sorted: string | undefined; weight: number }) {
  const { column, sorted, weight, drag, onSort } = props;
  const { t } = useWords();
  const text = (
    <>
      {column.icon ? <Icon name={column.icon} /> : null}
      <span className="grid-title-text">{column.title}</span>
      {column.mark ? <span className="grid-title-mark">{column.mark}</span> : null}
    </>
  );
  const move = column.fixed ? undefined : (event: React.PointerEvent) => drag.move(event, column);
  if (!column.sortable) {
    return (
      <span className="grid-title-inside" title={column.hint ?? column.title} onPointerDown={move}>
        {text}
      </span>
    );
  }
  return (
    <button
      type="button"
      tabIndex={-1}
      className="grid-title-inside"
      title={t("grid.sort", { column: column.hint ?? column.title })}
      onPointerDown={move}
      onClick={(event) => {
        if (!drag.justMoved()) onSort(column.id, event.shiftKey);
      }}
    >
      {text}
      {sorted ? <Icon name={sorted === "descending" ? "down" : "up"} /> : null}
      {weight ? <span className="grid-title-mark">{weight}</span> : null}
    </button>
  );
}
