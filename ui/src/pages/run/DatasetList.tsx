import type { DatasetInput } from "../../api/types";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Icon } from "../../parts/Icon";
import { Panel } from "./Panel";

const CONTEXT_TAG = "mlflow.data.context";

/** Rows and columns of a dataset, where its profile and schema tell them. */
export function datasetShape(dataset: DatasetInput["dataset"]): { rows?: number; columns?: number } {
  const shape: { rows?: number; columns?: number } = {};
  const profile = parsed(dataset.profile);
  const rows = profile?.num_rows ?? (Array.isArray(profile?.features_shape) ? profile.features_shape[0] : undefined);
  if (typeof rows === "number") shape.rows = rows;
  const columns = parsed(dataset.schema)?.mlflow_colspec;
  if (Array.isArray(columns)) shape.columns = columns.length;
  return shape;
}

function parsed(text: string | undefined): Record<string, unknown> | undefined {
  if (!text) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

export function DatasetList({ datasets }: { datasets: readonly DatasetInput[] }) {
  const { t } = useWords();
  return (
    <Panel title={t("section.datasets")} count={datasets.length}>
      <ul className="datasets">
        {datasets.map(({ dataset, tags }) => {
          const shape = datasetShape(dataset);
          const context = tags?.find((tag) => tag.key === CONTEXT_TAG)?.value;
          return (
            <li key={`${dataset.name} ${dataset.digest} ${context}`}>
              <Icon name="database" />
              <strong>{dataset.name}</strong>
              {context ? <span className="badge">{context}</span> : null}
              <span className="muted">
                {shape.rows === undefined ? null : t("dataset.rows", { n: shape.rows })}
                {shape.columns === undefined ? null : ` · ${t("dataset.columns", { n: shape.columns })}`}
              </span>
              <span className="dataset-digest">
                <code title={t("dataset.digest")}>{dataset.digest}</code>
                <CopyButton small text={dataset.digest} label={t("dataset.copyDigest")} />
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
