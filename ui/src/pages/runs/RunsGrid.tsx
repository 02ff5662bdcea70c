import { useCallback, useEffect, useMemo, useRef } from "react";
import type { ExperimentColumns } from "../../api/types";
import { columnKey, columnKind, isHiddenTag, type ColumnId, type Sort } from "../../data/columns";
import type { RunPages } from "../../data/runpages";
import { useWords } from "../../i18n/language";
import { Grid } from "../../parts/grid/Grid";
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
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- see above: `pages` and `sampled` decide the widths
  const shown = useMemo(() => columns.map((id) => gridColumn(id, live, words)), [columns, words, pages, sampled]);
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

  const hidden = useMemo(() => hiddenCounts(known, columns), [known, columns]);
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
      onSort={props.onSort}
      onLook={onLookRows}
      onOpen={(row, newTab) => {
        const run = pages.run(row);
        if (run) props.onOpen(run.run_id, newTab);
      }}
      sectionNote={(section) => {
        const count = hidden.get(section === words.t("section.params") ? "param" : section === words.t("section.metrics") ? "metric" : "");
        return count ? words.t("columns.more", { n: count }) : "";
      }}
      onSection={props.onColumns}
    />
  );
}

/** How many params and metrics there are that the table does not show. */
function hiddenCounts(known: ExperimentColumns, columns: readonly ColumnId[]): Map<string, number> {
  const shown = (kind: string) => new Set(columns.filter((id) => columnKind(id) === kind).map(columnKey));
  const count = (kind: "param" | "metric" | "tag", keys: { key: string }[] | undefined) => {
    const seen = shown(kind);
    return (keys ?? []).filter((column) => !seen.has(column.key) && !(kind === "tag" && isHiddenTag(column.key))).length;
  };
  return new Map([
    ["param", count("param", known.params)],
    ["metric", count("metric", known.metrics)],
  ]);
}
