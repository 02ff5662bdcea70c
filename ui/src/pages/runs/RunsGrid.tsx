import { useCallback, useEffect, useMemo, useRef, type KeyboardEvent } from "react";
import type { ExperimentColumns } from "../../api/types";
import { columnKey, columnKind, shiftColumn, moveColumn, type ColumnId, type Sort } from "../../data/columns";
import type { RunPages } from "../../data/runpages";
import type { RunTree } from "../../data/runtree";
import type { ViewState } from "../../data/viewstate";
import { useWords, type Words } from "../../i18n/language";
import { Grid } from "../../parts/grid/Grid";
import { sectionWidth } from "../../parts/grid/measure";
import type { GridColumn, RowLook, Spot } from "../../parts/grid/model";
import { useNow } from "../../parts/Now";
import { gridColumn } from "./gridColumns";
import { nameColumn, selectColumn } from "./leadColumns";
import type { PaintSource } from "./source";
import type { SelectionControl } from "./useSelection";

const ROW_HEIGHTS = { compact: 28, normal: 36 } as const;
/** Runs that columns are measured by. */
const SAMPLE = 60;

interface RunsGridProps {
  table: RunTree;
  pins: RunPages | null;
  /** Rows at the top. */
  pinRows: readonly number[];
  view: ViewState;
  columns: readonly ColumnId[];
  /** Wire names of the columns that are fetched, and of those that groups describe. */
  wire: readonly string[];
  described: readonly string[];
  curves: ReadonlySet<ColumnId>;
  curvePath: (runId: string, key: string) => string;
  known: ExperimentColumns;
  sort: readonly Sort[];
  dimmed: boolean;
  selection: SelectionControl;
  isRising: (metric: string) => boolean;
  revision: string;
  topKey: string;
  page: string;
  address: (runId: string) => string;
  line: PaintSource["line"];
  go: (change: Partial<ViewState>, replace?: boolean) => void;
  onSort: (column: ColumnId, further: boolean) => void;
  onLook: (first: number, last: number) => void;
  onOpen: (row: number, newTab: boolean) => void;
  onSelect: (row: number, extend: boolean) => void;
  onToggle: (row: number) => void;
  onKey: (key: string, event: KeyboardEvent, row: number) => boolean;
  onColumnMenu: (column: ColumnId, spot: Spot) => void;
  onCellMenu: (row: number, column: ColumnId, spot: Spot) => void;
  onColumns: () => void;
}

export function RunsGrid(props: RunsGridProps) {
  const { table, pins, pinRows, view, columns, wire, described, known, selection, onLook, go } = props;
  const words = useWords();
  const now = useNow();
  const tree = table.grouped || view.nested;
  const latest = useRef({ ...props, now });
  latest.current = { ...props, now };
  const source = useMemo<PaintSource>(() => paintSource(() => latest.current), []);

  // Widths come from the first runs; they must not change with every page that is loaded later.
  const [first] = table.sample(1);
  const sampled = first !== undefined && wire.every((column) => first[0].cell(first[1], column) !== undefined);
  const deltas = view.baseline !== null;
  const hidden = useMemo(() => hiddenCounts(known, columns, words), [known, columns, words]);
  const shown = useMemo(
    () => {
      const look = { curves: props.curves, deltas, grouped: table.grouped };
      return columns.map((id) => {
        const column = gridColumn(id, source, look, words);
        return { ...column, width: view.widths[id] ?? column.width };
      });
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- see above: `table` and `sampled` decide the widths
    [columns, words, table, sampled, props.curves, deltas, view.widths],
  );
  const [frozen, loose] = useMemo(() => {
    const isFrozen = (column: GridColumn) => view.frozen.includes(column.id);
    return [shown.filter(isFrozen), roomForSections(shown.filter((column) => !isFrozen(column)), hidden)];
  }, [shown, view.frozen, hidden]);
  const lead = useMemo(
    () => [selectColumn(source, words), nameColumn(source, words, tree, (runId) => latest.current.address(runId))],
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new query may bring longer names
    [source, words, table, sampled, tree],
  );
  const fixed = useMemo(() => [...lead, ...frozen], [lead, frozen]);

  useEffect(() => table.need(wire, described), [table, wire, described]);
  const onLookRows = useCallback(
    (from: number, to: number) => {
      const top = latest.current.pinRows.length;
      table.need(wire, described);
      table.look(Math.max(0, from - top), Math.max(0, to - top));
      onLook(from, to);
    },
    [table, wire, described, onLook],
  );
  const rowLook = useCallback((row: number) => lookOf(source, row), [source]);

  return (
    <Grid
      label={words.t("runs.table")}
      name="runs"
      fixed={fixed}
      columns={loose}
      rowHeight={ROW_HEIGHTS[view.density]}
      top={pinRows.length}
      rows={table.length + pinRows.length}
      total={tree ? table.length + pinRows.length : table.total + pinRows.length}
      revision={`${table.revision} ${pins?.revision ?? 0} ${selection.revision} ${now} ${props.revision}`}
      sort={props.sort}
      dimmed={props.dimmed}
      rowLook={rowLook}
      tree={tree}
      topKey={props.topKey}
      page={props.page}
      selectAll={{
        checked: selection.selection.all && selection.count === table.total,
        some: selection.count > 0,
        onChange: () => (selection.count > 0 ? selection.clear() : selection.all()),
      }}
      onSort={props.onSort}
      onLook={onLookRows}
      onOpen={props.onOpen}
      onSelect={props.onSelect}
      onToggle={props.onToggle}
      onKey={props.onKey}
      onMenu={props.onColumnMenu}
      onCellMenu={props.onCellMenu}
      onShift={(id, by) => go({ columns: shiftColumn(columns, view.frozen, id, by) }, true)}
      onMove={(id, before) => go({ columns: moveColumn(columns, id, before) })}
      onResize={(id, width) => go({ widths: withWidth(view.widths, id, width) }, true)}
      sectionNote={(section) => hidden.get(section) ?? ""}
      onSection={props.onColumns}
    />
  );
}

type Latest = RunsGridProps & { now: number };

function paintSource(latest: () => Latest): PaintSource {
  return {
    get now() {
      return latest().now;
    },
    get statistic() {
      return latest().view.statistic;
    },
    get groups() {
      return latest().view.groups;
    },
    line: (row) => latest().line(row),
    range: (column) => latest().table.range(column),
    sample: () => latest().table.sample(SAMPLE),
    sampleGroups: () => latest().table.groupSample,
    curve: (runId, key) => latest().curvePath(runId, key),
    base(column) {
      const { pins, view } = latest();
      return pins && view.baseline ? pins.cell(pins.find(view.baseline), column) : undefined;
    },
    isBase: (runId) => latest().view.baseline === runId,
    isPinned: (runId) => latest().view.pins.includes(runId),
    isSelected: (runId) => latest().selection.has(runId),
    isRising: (metric) => latest().isRising(metric),
  };
}

function lookOf(source: PaintSource, row: number): RowLook {
  const line = source.line(row);
  if (line.kind === "group") return { selected: false, open: line.open, level: line.level + 1, className: "grid-row-group" };
  if (line.kind === "waiting") return { selected: false, level: line.level + 1, className: "" };
  return {
    selected: source.isSelected(line.key),
    open: line.children ? line.open : undefined,
    level: line.level + 1,
    className: source.isBase(line.key) ? "grid-row-base" : "",
  };
}

function withWidth(widths: ViewState["widths"], id: ColumnId, width: number | null): Record<ColumnId, number> {
  const others = Object.entries(widths).filter(([column]) => column !== id);
  return Object.fromEntries(width === null ? others : [...others, [id, width]]);
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
