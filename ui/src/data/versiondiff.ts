/** Versions of a model beside each other. */
import type { ModelVersion, Run } from "../api/types";
import type { Signature } from "./mlmodel";
import { SIGNATURE_PARTS } from "./mlmodel";
import { isHiddenTag, isSystemMetric } from "./columns";

export interface VersionFacts {
  version: ModelVersion;
  run: Run | null;
  signature: Signature | null;
}

export type VersionPart = "params" | "metrics" | "signature" | "tags";

export interface VersionRow {
  key: string;
  /** One for each version; null where it has no such key. */
  texts: (string | null)[];
  same: boolean;
}

/** The params of the logged model, or of the run where the model has none of its own. */
export function paramsOf({ version, run }: VersionFacts): Map<string, string> {
  const own = version.model_params ?? [];
  if (own.length) return new Map(own.map((param) => [param.name, param.value]));
  return new Map((run?.data?.params ?? []).map((param) => [param.key, param.value]));
}

/** The metrics of the logged model, or of the run where the model has none of its own. */
export function metricsOf({ version, run }: VersionFacts): Map<string, string> {
  const own = version.model_metrics ?? [];
  const metrics = own.length ? own : (run?.data?.metrics ?? []).filter((metric) => !isSystemMetric(metric.key));
  return new Map(metrics.map((metric) => [metric.key, String(metric.value)]));
}

function tagsOf({ version }: VersionFacts): Map<string, string> {
  return new Map((version.tags ?? []).filter((tag) => !isHiddenTag(tag.key)).map((tag) => [tag.key, tag.value]));
}

function signatureOf({ signature }: VersionFacts): Map<string, string> {
  if (!signature) return new Map();
  return new Map(
    SIGNATURE_PARTS.flatMap((part) =>
      signature[part].map((field, index) => [`${part} · ${field.name || index + 1}`, field.type] as const),
    ),
  );
}

const PARTS: readonly (readonly [VersionPart, (facts: VersionFacts) => Map<string, string>])[] = [
  ["metrics", metricsOf],
  ["params", paramsOf],
  ["signature", signatureOf],
  ["tags", tagsOf],
];

/** Every key that a version has, by parts; parts without keys are left out. */
export function versionDifferences(facts: readonly VersionFacts[]): { part: VersionPart; rows: VersionRow[] }[] {
  return PARTS.map(([part, read]) => {
    const maps = facts.map(read);
    const keys = [...new Set(maps.flatMap((map) => [...map.keys()]))];
    if (part !== "signature") keys.sort((a, b) => (a < b ? -1 : 1));
    const rows = keys.map((key) => {
      const texts = maps.map((map) => map.get(key) ?? null);
      return { key, texts, same: texts.every((text) => text === texts[0]) };
    });
    return { part, rows };
  }).filter(({ rows }) => rows.length > 0);
}
