import { useEffect } from "react";
import { formatTime } from "../../data/format";
import type { Column, RunTable } from "../../data/runtable";
import type { TableData } from "./model";
import { runName } from "./model";

/** Hands on what makes a chart's numbers, anew after each render. */
export function useTableData(onData: (make: () => TableData) => void, make: () => TableData): void {
  useEffect(() => onData(make));
}

/** Some columns of the runs, a row each. */
export function columnTable(table: RunTable, columns: readonly Column[], name: string, language: string): TableData {
  const cell = (column: Column, run: number) => {
    const text = column.texts[run] ?? null;
    if (text === null || column.kind === "category") return text;
    const value = column.numbers[run] ?? Number.NaN;
    return column.kind === "time" ? formatTime(value, language) : column.kind === "duration" ? value / 1000 : value;
  };
  return {
    head: [name, ...columns.map((column) => (column.kind === "duration" ? `${column.label} (s)` : column.label))],
    rows: table.runs.map((run, index) => [runName(run), ...columns.map((column) => cell(column, index))]),
  };
}
