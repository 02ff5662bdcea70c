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

/** What a model's page shows, as the address says it. */
export interface ModelView {
  /** Versions. */
  selected: readonly string[];
  /** Of versions. */
  filter: string;
  /** The time whose state is looked at, in ms since 1970; null for none. */
  at: number | null;
}

export function decodeModel(search: string): ModelView {
  const query = new URLSearchParams(search);
  const at = Date.parse(query.get("at") ?? "");
  return { selected: readVersions(query.get("sel")), filter: query.get("q") ?? "", at: Number.isNaN(at) ? null : at };
}

/** The query part, without "?". */
export function encodeModel({ selected, filter, at }: ModelView): string {
  const query = new URLSearchParams();
  setOrDrop(query, "q", filter || null);
  setOrDrop(query, "sel", selected.length ? selected.join(",") : null);
  setOrDrop(query, "at", at === null ? null : new Date(at).toISOString());
  return readable(query);
}

/** A time as a field for date and time takes it, in the reader's zone. */
export function toLocalInput(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

/** The versions in each stage, those of use first; without those in no stage. */
export function stagesThen(stages: readonly { version: string; stage: ModelStage }[]): { stage: ModelStage; versions: string[] }[] {
  return STAGES.filter((stage) => stage !== "None").flatMap((stage) => {
    const versions = stages.filter((one) => one.stage === stage).map((one) => one.version);
    return versions.length ? [{ stage, versions: versions.toSorted((a, b) => Number(b) - Number(a)) }] : [];
  });
}

/** Finds versions of one model, all of them with an empty filter. */
export const versionsFilter = (name: string, filter: string) => (filter ? `${nameIs(name)} AND (${filter})` : nameIs(name));

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
