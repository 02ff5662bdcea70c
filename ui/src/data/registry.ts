/** Registered models and their versions: addresses, order, moves and how to undo them. */
import type { ModelMove, ModelStage, ModelVersion } from "../api/types";
import { readable, setOrDrop } from "./address";
import { quoteText } from "./filtertext";

export const STAGES: readonly ModelStage[] = ["Production", "Staging", "Archived", "None"];

export const modelAddress = (name: string) => `/models/${encodeURIComponent(name)}`;
export const versionAddress = (name: string, version: string) =>
  `${modelAddress(name)}/versions/${encodeURIComponent(version)}`;
export const comparisonAddress = (name: string, versions: readonly string[]) =>
  `${modelAddress(name)}/compare?v=${versions.join(",")}`;

/** The text that an escaped part of an address stands for; as it stands where the escapes are none. */
export function partOf(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}

/** Version numbers out of "3,5", each once. */
export function readVersions(text: string | null): string[] {
  return [...new Set((text ?? "").split(",").filter((part) => /^\d{1,9}$/.test(part)))];
}

export type ModelColumn = "name" | "updated";

/** What the list of models shows, as the address says it. */
export interface ModelsView {
  filter: string;
  column: ModelColumn;
  descending: boolean;
}

export function decodeModels(search: string): ModelsView {
  const query = new URLSearchParams(search);
  const sort = query.get("sort") ?? "-updated";
  return {
    filter: query.get("q") ?? "",
    column: sort.replace("-", "") === "name" ? "name" : "updated",
    descending: sort.startsWith("-"),
  };
}

/** The query part, without "?". */
export function encodeModels({ filter, column, descending }: ModelsView): string {
  const query = new URLSearchParams();
  setOrDrop(query, "q", filter || null);
  const sort = `${descending ? "-" : ""}${column}`;
  setOrDrop(query, "sort", sort === "-updated" ? null : sort);
  return readable(query);
}

/** The order as the search routes take it. */
export function orderBy({ column, descending }: ModelsView): string[] {
  const direction = descending ? "DESC" : "ASC";
  return column === "name" ? [`name ${direction}`] : [`last_updated_timestamp ${direction}`, "name ASC"];
}

/** Finds one model, or the versions of one. */
export const nameIs = (name: string) => `name = ${quoteText(name)}`;

/** The latest versions of a model by stage, those in use first. */
export function byStage(versions: readonly ModelVersion[] | undefined): ModelVersion[] {
  const place = (version: ModelVersion) => STAGES.indexOf(version.current_stage ?? "None");
  return (versions ?? []).toSorted((a, b) => place(a) - place(b));
}

/** The address by which code takes this version: by an alias where it has one, so that the code outlives the version. */
export function modelUri({ name, version, aliases }: ModelVersion): string {
  const [alias] = aliases ?? [];
  return alias ? `models:/${name}@${alias}` : `models:/${name}/${version}`;
}

/** Whether a text may be an alias: what reads as a version is none. */
export function isAlias(text: string): boolean {
  return /^[\p{L}\p{N}_-]+$/u.test(text) && !/^(?:latest|v\d+)$/i.test(text);
}

/** A step that somebody wants to take. An empty `from` or `to`: no version. */
export type Plan =
  | { kind: "stage"; version: string; from: ModelStage; to: ModelStage; archive: boolean }
  | { kind: "alias"; alias: string; from: string; to: string };

/** The versions that a move to a stage would archive. */
export function wouldArchive(plan: Plan, versions: readonly ModelVersion[]): string[] {
  if (plan.kind !== "stage" || !plan.archive) return [];
  return versions
    .filter((version) => version.version !== plan.version && version.current_stage === plan.to)
    .map((version) => version.version);
}

/** The steps that bring back what stood before the plan was carried out. */
export function undoOf(plan: Plan, archived: readonly string[]): Plan[] {
  if (plan.kind === "alias") return [{ ...plan, from: plan.to, to: plan.from }];
  const back = { kind: "stage" as const, version: plan.version, from: plan.to, to: plan.from, archive: false };
  return [
    back,
    ...archived.map((version) => ({ ...back, version, from: "Archived" as const, to: plan.to })),
  ];
}

/** Whether a move concerns a version. */
export function concerns(move: ModelMove, version: string): boolean {
  return move.version === version || (move.kind === "alias" && (move.before === version || move.after === version));
}

/** The path of a folder below the root of the server's artifacts; null for one that lies elsewhere. */
export function keptPath(uri: string): string | null {
  const [, path] = uri.match(/^mlflow-artifacts:\/(?!\/)(.+)$/) ?? [];
  return path ?? null;
}
