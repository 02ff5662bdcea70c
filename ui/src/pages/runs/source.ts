/** What painting a cell needs beside its column; read anew at each paint. */
import type { CellValue, RunGroup } from "../../api/types";
import type { GroupBy, Statistic } from "../../data/viewstate";
import type { Line } from "../../data/outline";
import type { Cell, RunPages } from "../../data/runpages";

export interface PaintSource {
  readonly now: number;
  readonly statistic: Statistic;
  readonly groups: readonly GroupBy[];
  line: (row: number) => Line;
  /** The least and greatest finite number of a column. */
  range: (column: string) => [number, number] | null;
  /** Some runs, to measure columns by. */
  sample: () => readonly [RunPages, number][];
  /** Some groups, to measure columns by where no run is here. */
  sampleGroups: () => readonly RunGroup[];
  /** The path of a metric's curve; empty where there is none. */
  curve: (runId: string, key: string) => string;
  /** The baseline's value of a column; undefined while there is none. */
  base: (column: string) => Cell;
  isBase: (runId: string) => boolean;
  isPinned: (runId: string) => boolean;
  isSelected: (runId: string) => boolean;
  /** Whether more of a metric is better. */
  isRising: (metric: string) => boolean;
}

const SAMPLE = 60;

/** Values of a column in some runs, to measure it by. */
export function sampleCells(source: PaintSource, column: string): CellValue[] {
  const found: CellValue[] = [];
  for (const [pages, row] of source.sample().slice(0, SAMPLE)) {
    const value = pages.cell(row, column);
    if (value !== null && value !== undefined) found.push(value);
  }
  return found;
}

export function sampleTexts(source: PaintSource, read: (pages: RunPages, row: number) => string | undefined): string[] {
  return source
    .sample()
    .slice(0, SAMPLE)
    .flatMap(([pages, row]) => read(pages, row) ?? []);
}
