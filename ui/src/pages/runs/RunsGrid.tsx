import { useCallback, useEffect, useMemo, useRef } from "react";
import type { ExperimentColumns } from "../../api/types";
import { columnKey, columnKind, type ColumnId, type Sort } from "../../data/columns";
import type { RunPages } from "../../data/runpages";
import { useWords, type Words } from "../../i18n/language";
import { Grid } from "../../parts/grid/Grid";
import { sectionWidth } from "../../parts/grid/measure";
import type { GridColumn } from "../../parts/grid/model";
import { useNow } from "../../parts/Now";
import { gridColumn, nameColumn, type PaintSource } from "./gridColumns";

/** Skeleton rows after the last loaded one while there are more. */
const COMING = 20;

interface RunsGridProps {
  pages: RunPages;
  columns: readonly ColumnId[];
  /** Wire names of the columns that are fetched. */
  wire: readonly string[];
  known: ExperimentColumns;
  sort: Sort;
  dimmed: boolean;
  topKey: string;
  /** The page's address. */
  page: string;
  address: (runId: string) => string;
  onSort: (column: ColumnId) => void;
  onLook: (first: number, last: number) => void;
  onOpen: (runId: string, newTab: boolean) => void;
  onColumns: () => void;
}

export function RunsGrid(props: RunsGridProps) {
  const { pages, columns, wire, known, onLook, address } = props;
  const words = useWords();
  const now = useNow();
  const source = useRef<PaintSource>({ pages, now });
  const look = useRef(onLook);
  source.current = { pages, now };
  look.current = onLook;

  // Widths come from the first rows; they must not change with every page that is loaded later.
  const sampled = columns.length > 0 && wire.every((column) => pages.cell(0, column) !== undefined);
  const live = useMemo<PaintSource>(
    () => ({
      get pages() {
        return source.current.pages;
      },
      get now() {
        return source.current.now;
      },
    }),
    [],
  );
  const hidden = useMemo(() => hiddenCounts(known, columns, words), [known, columns, words]);
  const shown = useMemo(
    () => roomForSections(columns.map((id) => gridColumn(id, live, words)), hidden),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- see above: `pages` and `sampled` decide the widths
    [columns, words, pages, sampled, hidden],
  );
  const linkOf = useRef(address);
  linkOf.current = address;
  const pinned = useMemo(
    () => nameColumn(live, words, (runId) => linkOf.current(runId)),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new query may bring longer names
    [live, words, pages],
  );

  useEffect(() => pages.need(wire), [pages, wire]);
  const onLookRows = useCallback(
    (first: number, last: number) => {
      pages.need(wire);
      pages.look(first, last);
      look.current(first, last);
    },
    [pages, wire],
  );

  return (
    <Grid
      label={words.t("runs.table")}
      name="runs"
      pinned={pinned}
      columns={shown}
      rows={Math.min(pages.total, pages.loaded + (pages.more ? COMING : 0))}
      total={pages.total}
      revision={pages.revision + now}
      sort={props.sort}
      dimmed={props.dimmed}
      topKey={props.topKey}
      page={props.page}
      onSort={props.onSort}
      onLook={onLookRows}
      onOpen={(row, newTab) => {
        const run = pages.run(row);
        if (run) props.onOpen(run.run_id, newTab);
      }}
      sectionNote={(section) => hidden.get(section) ?? ""}
      onSection={props.onColumns}
    />
  );
}

/** Makes the last column of a section wider where the section's heading needs it. */
function roomForSections(columns: GridColumn[], notes: ReadonlyMap<string, string>): GridColumn[] {
  const widths = new Map<string, number>();
  for (const column of columns) widths.set(column.section, (widths.get(column.section) ?? 0) + column.width);
  return columns.map((column, index) => {
    if (columns[index + 1]?.section === column.section) return column;
    const note = notes.get(column.section) ?? "";
    const missing = sectionWidth(column.section, note) - (widths.get(column.section) ?? 0);
    return missing > 0 ? { ...column, width: column.width + missing } : column;
  });
}

/** By heading, how many params and metrics there are that the table does not show, in words. */
function hiddenCounts(known: ExperimentColumns, columns: readonly ColumnId[], { t }: Words): Map<string, string> {
  const shown = (kind: string) => new Set(columns.filter((id) => columnKind(id) === kind).map(columnKey));
  const more = (kind: "param" | "metric", keys: { key: string }[] | undefined) => {
    const seen = shown(kind);
    const count = (keys ?? []).filter((column) => !seen.has(column.key)).length;
    return count ? t("columns.more", { n: count }) : "";
  };
  return new Map([
    [t("section.params"), more("param", known.params)],
    [t("section.metrics"), more("metric", known.metrics)],
  ]);
}
