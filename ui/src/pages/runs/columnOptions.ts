/** The columns of an experiment as a list to choose from. */
import type { ExperimentColumns } from "../../api/types";
import { columnId, isHiddenTag, isSystemMetric, type ColumnId } from "../../data/columns";
import type { Words } from "../../i18n/language";
import type { Option } from "../../parts/Picker";
import { columnTitle, SECTIONS } from "./titles";

/** The dataset, params, metrics and tags by how many runs have them, then attributes and what systems measure. */
export function columnOptions(known: ExperimentColumns, accept: (id: ColumnId) => boolean, words: Words): Option[] {
  const { t } = words;
  const option = (id: ColumnId, kind: keyof typeof SECTIONS): Option => ({
    id,
    label: columnTitle(id, words),
    detail: t(SECTIONS[kind]),
  });
  const attributes = ["a.status", "a.user_id", "a.run_name", "a.start_time", "a.duration"].map((id) => option(id, "attribute"));
  const keyed = (kind: "param" | "metric" | "tag", keys: readonly { key: string }[] | undefined) =>
    (keys ?? []).map(({ key }) => option(columnId(kind, key), kind));
  return [
    ...(known.datasets?.length ? [option("d.name", "dataset")] : []),
    ...keyed("param", known.params),
    ...keyed("metric", (known.metrics ?? []).filter(({ key }) => !isSystemMetric(key))),
    ...keyed("tag", (known.tags ?? []).filter(({ key }) => !isHiddenTag(key))),
    ...attributes,
    ...keyed("metric", (known.metrics ?? []).filter(({ key }) => isSystemMetric(key))),
  ].filter((one) => accept(one.id));
}
