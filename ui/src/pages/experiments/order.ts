/** The order of the experiments list, in the address and in the table. */
import type { ExperimentActivity } from "../../api/types";

export const COLUMNS = ["name", "runs", "running", "failed", "last_activity"] as const;
export type OrderColumn = (typeof COLUMNS)[number];

export interface Order {
  column: OrderColumn;
  descending: boolean;
}

export const DEFAULT_ORDER: Order = { column: "last_activity", descending: true };

export function readOrder(text: string | null): Order {
  const descending = text?.startsWith("-") ?? false;
  const column = descending ? text?.slice(1) : text;
  const known = COLUMNS.find((name) => name === column);
  return known ? { column: known, descending } : DEFAULT_ORDER;
}

/** Null for the default order. */
export function writeOrder(order: Order): string | null {
  if (order.column === DEFAULT_ORDER.column && order.descending === DEFAULT_ORDER.descending) return null;
  return `${order.descending ? "-" : ""}${order.column}`;
}

/** Experiments in an order, those with a star first; equal ones by name, in the way of the language. */
export function sortExperiments(
  rows: readonly ExperimentActivity[],
  order: Order,
  language: string,
): ExperimentActivity[] {
  const words = new Intl.Collator(language, { numeric: true });
  const byName = (a: ExperimentActivity, b: ExperimentActivity) => words.compare(a.name, b.name);
  const byStar = (a: ExperimentActivity, b: ExperimentActivity) => Number(b.starred ?? false) - Number(a.starred ?? false);
  const direction = order.descending ? -1 : 1;
  const column = order.column;
  if (column === "name") return rows.toSorted((a, b) => byStar(a, b) || direction * byName(a, b));
  return rows.toSorted(
    (a, b) => byStar(a, b) || direction * ((a[column] ?? 0) - (b[column] ?? 0)) || byName(a, b),
  );
}
