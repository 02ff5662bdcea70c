import type { ReactNode } from "react";
import { Link } from "wouter";
import type { ModelVersion, Run } from "../../api/types";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import type { IconName } from "../../parts/icons";
import { Panel } from "../run/Panel";
import { AliasChip } from "./AliasChip";

/** From the data over the run and its model to the version and what points at it. */
export function Lineage({ version, run }: { version: ModelVersion; run: Run | null }) {
  const { t } = useWords();
  const datasets = run?.inputs?.dataset_inputs ?? [];
  const { name, aliases = [], run_id: runId, model_id: modelId, source } = version;
  return (
    <Panel title={t("models.lineage")}>
      <ol className="lineage">
        {datasets.length ? (
          <Node icon="database" title={t("section.datasets")}>
            {datasets.map(({ dataset }) => (
              <span key={`${dataset.name} ${dataset.digest}`} title={dataset.digest}>
                {dataset.name} <code className="muted">{dataset.digest}</code>
              </span>
            ))}
          </Node>
        ) : null}
        {runId ? (
          <Node icon="charts" title={t("models.run")}>
            <Link href={`/runs/${runId}`}>{run?.info.run_name || runId.slice(0, 8)}</Link>
          </Node>
        ) : null}
        {modelId ? (
          <Node icon="box" title={t("models.logged")}>
            <code title={modelId}>{modelId.slice(0, 12)}…</code>
          </Node>
        ) : source ? (
          <Node icon="folder" title={t("models.source")}>
            <code>{source}</code>
          </Node>
        ) : null}
        <Node icon="flag" title={t("models.versionTitle")}>
          <strong>v{version.version}</strong>
        </Node>
        {aliases.length ? (
          <Node icon="tag" title={t("models.aliases")}>
            {aliases.map((alias) => (
              <AliasChip key={alias} name={name} alias={alias} />
            ))}
          </Node>
        ) : null}
      </ol>
    </Panel>
  );
}

function Node({ icon, title, children }: { icon: IconName; title: string; children: ReactNode }) {
  return (
    <li>
      <span className="lineage-title">
        <Icon name={icon} />
        {title}
      </span>
      {children}
    </li>
  );
}
