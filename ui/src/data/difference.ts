/** What runs have in common and where they differ, key by key. */
import type { Run } from "../api/types";
import { isHiddenTag, isSystemMetric } from "./columns";
import { isNumeric } from "./format";

export interface DiffRow {
  key: string;
  /** One per run; null where it has none. */
  texts: readonly (string | null)[];
  /** The numbers that the texts are; null where not all are numbers. */
  numbers: readonly number[] | null;
  same: boolean;
}

export type DiffPart = "attributes" | "datasets" | "params" | "metrics" | "system" | "tags";

export interface DiffSection {
  part: DiffPart;
  rows: readonly DiffRow[];
  differing: number;
}

const collator = new Intl.Collator("en", { numeric: true });

/** A row of what runs have under a key. */
export function diffRow(key: string, texts: readonly (string | null)[], numeric = false): DiffRow {
  const known = texts.filter((text) => text !== null);
  const all = known.length > 0 && (numeric || known.every(isNumeric));
  const numbers = all ? texts.map((text) => (text === null ? Number.NaN : Number(text))) : null;
  const first = texts[0] ?? null;
  const equal = (text: string | null) => text === first || (numbers !== null && text !== null && first !== null && Number(text) === Number(first));
  return { key, texts, numbers, same: texts.every(equal) };
}

function section(part: DiffPart, maps: readonly ReadonlyMap<string, string>[], numeric = false): DiffSection {
  const keys = [...new Set(maps.flatMap((map) => [...map.keys()]))].toSorted(collator.compare);
  const rows = keys.map((key) => diffRow(key, maps.map((map) => map.get(key) ?? null), numeric));
  return { part, rows, differing: rows.filter((row) => !row.same).length };
}

const pairs = (list: readonly { key: string; value: unknown }[] | undefined) => new Map((list ?? []).map(({ key, value }) => [key, String(value)]));

/** Attributes as texts that compare: times in ms. */
function attributes(run: Run): Map<string, string> {
  const { info } = run;
  const tags = pairs(run.data?.tags);
  const found: [string, string | number | undefined][] = [
    ["status", info.status],
    ["user_id", info.user_id],
    ["start_time", info.start_time],
    ["duration", info.start_time && info.end_time ? info.end_time - info.start_time : undefined],
    ["source", tags.get("mlflow.source.name")],
    ["commit", tags.get("mlflow.source.git.commit")],
    ["branch", tags.get("mlflow.source.git.branch")],
  ];
  return new Map(found.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])));
}

/** A run's datasets by what they were used for: "train" → "wine (9c1d0e52)". */
function datasets(run: Run): Map<string, string> {
  const found = new Map<string, string[]>();
  for (const { dataset, tags } of run.inputs?.dataset_inputs ?? []) {
    const use = tags?.find((tag) => tag.key === "mlflow.data.context")?.value ?? "dataset";
    found.set(use, [...(found.get(use) ?? []), `${dataset.name} (${dataset.digest})`]);
  }
  return new Map([...found].map(([use, names]) => [use, names.toSorted().join(", ")]));
}

/** All parts; those without a key are left out. */
export function differences(runs: readonly Run[]): DiffSection[] {
  const metrics = runs.map((run) => pairs(run.data?.metrics));
  const split = (system: boolean) => metrics.map((map) => new Map([...map].filter(([key]) => isSystemMetric(key) === system)));
  const tags = runs.map((run) => new Map([...pairs(run.data?.tags)].filter(([key]) => !isHiddenTag(key))));
  const order = ["status", "user_id", "start_time", "duration", "source", "commit", "branch"];
  const head = section("attributes", runs.map(attributes));
  return [
    { ...head, rows: head.rows.toSorted((a, b) => order.indexOf(a.key) - order.indexOf(b.key)) },
    section("datasets", runs.map(datasets)),
    section("params", runs.map((run) => pairs(run.data?.params))),
    section("metrics", split(false), true),
    section("tags", tags),
    section("system", split(true), true),
  ].filter((one) => one.rows.length > 0);
}

/** The places of the best numbers; none where most of them are the best. */
export function bestOf(numbers: readonly number[], rising: boolean): number[] {
  const finite = numbers.filter(Number.isFinite);
  const best = rising ? Math.max(...finite) : Math.min(...finite);
  const places = [...numbers.keys()].filter((index) => numbers[index] === best);
  return finite.length < 2 || places.length > finite.length / 2 ? [] : places;
}

/** A change against a base in percent: "▲ +12 %"; empty where it cannot be told. */
export function formatChange(value: number, base: number): string {
  if (!Number.isFinite(value) || !Number.isFinite(base) || base === 0 || value === base) return "";
  const share = (100 * (value - base)) / Math.abs(base);
  const size = Math.abs(share);
  const digits = size >= 1e4 ? size.toExponential(1).replace("e+", "e") : size >= 10 ? size.toFixed(0) : size.toPrecision(2);
  return share > 0 ? `▲ +${digits} %` : `▼ −${digits} %`;
}

/** Packages by name, of lines such as "numpy==2.3.1". */
export function readPackages(text: string): Map<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const [name = "", version] = line.trim().split("==");
      return name && version !== undefined ? [[name, version] as const] : [];
    }),
  );
}

/** Packages of several runs, key by key; null stands for a run whose list is not known. */
export function packageRows(lists: readonly (ReadonlyMap<string, string> | null)[]): DiffRow[] {
  const names = [...new Set(lists.flatMap((list) => [...(list?.keys() ?? [])]))].toSorted(collator.compare);
  return names.map((name) => {
    const texts = lists.map((list) => list?.get(name) ?? null);
    const known = texts.filter((_text, index) => lists[index] !== null);
    return { key: name, texts, numbers: null, same: known.every((text) => text === known[0]) };
  });
}
