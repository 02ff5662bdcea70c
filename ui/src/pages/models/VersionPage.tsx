import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import * as registry from "../../api/registry";
import type { ModelVersion } from "../../api/types";
import { formatAge, formatNumber, formatTime } from "../../data/format";
import { modelAddress, modelUri, STAGES, type Plan } from "../../data/registry";
import { metricsOf, paramsOf } from "../../data/versiondiff";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Skeleton } from "../../parts/Empty";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import { KeyName } from "../../parts/KeyName";
import { LongText } from "../../parts/LongText";
import { useNow } from "../../parts/Now";
import { Region } from "../../parts/Region";
import { MenuButton } from "../../parts/ToolButton";
import { NotThere } from "../NotFoundPage";
import { runQuery } from "../queries";
import { Panel } from "../run/Panel";
import { TagPanel } from "../run/TagPanel";
import { Crumbs } from "../shell/Crumbs";
import { AliasForm } from "./AliasForm";
import { DeleteDialog } from "./DeleteDialog";
import { Description } from "./Description";
import { History } from "./History";
import { Lineage } from "./Lineage";
import { ModelFiles } from "./ModelFiles";
import { MoveDialog } from "./MoveDialog";
import { modelQuery, versionQuery, versionsQuery } from "./queries";
import { StageBadge, stageWord } from "./StageBadge";
import { useRegistryActions } from "./useRegistryActions";
import "../run/run.css";
import "./models.css";

/** One version of a registered model: where it came from, what it takes, where it stands. */
export function VersionPage({ name, number }: { name: string; number: string }) {
  const { t } = useWords();
  const version = useQuery(versionQuery(name, number));
  const crumbs = (
    <Crumbs
      items={[
        { label: t("models.title"), href: "/models" },
        { label: name, href: modelAddress(name) },
      ]}
    />
  );
  return (
    <div className="page">
      {crumbs}
      {version.data ? (
        <VersionBody version={version.data} />
      ) : version.isError ? (
        <NotThere
          error={version.error}
          title={t("models.version.notFound", { name, version: number })}
          help={t("models.notFound.help")}
          retry={() => void version.refetch()}
        />
      ) : (
        <Skeleton lines={10} />
      )}
    </div>
  );
}

function VersionBody({ version }: { version: ModelVersion }) {
  const { t } = useWords();
  const { name, version: number } = version;
  const actions = useRegistryActions();
  const run = useQuery({ ...runQuery(version.run_id ?? ""), enabled: Boolean(version.run_id) });
  const facts = { version, run: run.data ?? null, signature: null };
  const metrics = [...metricsOf(facts)].map(([key, value]) => [key, formatNumber(Number(value))] as const);
  return (
    <>
      <VersionHead version={version} />
      <div className="overview model-overview">
        <div className="overview-main">
          <Region name="lineage">
            <Lineage version={version} run={run.data ?? null} />
          </Region>
          <Region name="files">
            <ModelFiles version={version} />
          </Region>
          <Region name="history">
            <History name={name} version={number} />
          </Region>
        </div>
        <div className="overview-side">
          <Description
            text={version.description ?? ""}
            onSave={(text) => void actions.attempt(() => registry.describeVersion(name, number, text))}
          />
          <Pairs title={t("section.metrics")} pairs={metrics} none={t("models.noMetrics")} numeric />
          <Pairs title={t("section.params")} pairs={[...paramsOf(facts)]} none={t("params.none")} />
          <TagPanel
            tags={version.tags}
            onSet={(key, value) => void actions.attempt(() => registry.tagVersion(name, number, key, value))}
            onDelete={(tag) => void actions.attempt(() => registry.untagVersion(name, number, tag.key))}
          />
        </div>
      </div>
    </>
  );
}

function VersionHead({ version }: { version: ModelVersion }) {
  const { t, language } = useWords();
  const now = useNow();
  const { name, version: number, aliases = [], creation_timestamp: created } = version;
  const stage = version.current_stage ?? "None";
  const actions = useRegistryActions();
  const model = useQuery(modelQuery(name));
  const versions = useQuery(versionsQuery(name));
  const [plan, setPlan] = useState<Plan | null>(null);
  const [choosing, setChoosing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const [, navigate] = useLocation();
  const title = t("models.versionOf", { name, version: number });
  const stages = STAGES.filter((to) => to !== stage).map((to) => ({
    id: to,
    label: stageWord(to, t),
    run: () => setPlan({ kind: "stage", version: number, from: stage, to, archive: to === "Production" || to === "Staging" }),
  }));
  return (
    <header className="run-head">
      <div className="page-head">
        <Heading title={[title]}>{title}</Heading>
        <StageBadge stage={stage} />
        {aliases.map((alias) => (
          <span key={alias} className="alias">
            @{alias}
            <button
              type="button"
              className="alias-drop"
              aria-label={t("models.alias.drop", { alias })}
              title={t("models.alias.drop", { alias })}
              onClick={() => setPlan({ kind: "alias", alias, from: number, to: "" })}
            >
              <Icon name="close" />
            </button>
          </span>
        ))}
        {version.status && version.status !== "READY" ? <span className="badge tone-warn">{version.status}</span> : null}
        <div className="page-tools">
          <MenuButton icon="move" label={t("models.stage.move")} sections={[{ id: "stages", actions: stages }]} />
          <button type="button" className="button" onClick={() => setChoosing(true)}>
            <Icon name="tag" />
            {t("models.alias.set")}
          </button>
          <MenuButton
            bare
            icon="more"
            label={t("models.actions")}
            sections={[
              {
                id: "delete",
                actions: [{ id: "delete", label: t("bulk.delete"), icon: "trash", tone: "bad", run: () => setDeleting(true) }],
              },
            ]}
          />
        </div>
      </div>
      <p className="run-facts">
        {created ? (
          <span title={formatTime(created, language)}>
            {t("models.registeredAgo", { age: formatAge(created, now, language) })}
          </span>
        ) : null}
        {version.user_id ? <span>{version.user_id}</span> : null}
        <span className="run-id">
          <code>{modelUri(version)}</code>
          <CopyButton small text={modelUri(version)} label={t("model.copyUri")} />
        </span>
      </p>
      {choosing ? (
        <AliasForm
          model={model.data}
          version={number}
          onClose={() => setChoosing(false)}
          onChoose={(alias, from) => {
            setChoosing(false);
            setPlan({ kind: "alias", alias, from, to: number });
          }}
        />
      ) : null}
      {deleting ? (
        <DeleteDialog
          title={t("models.delete.version", { name, version: number })}
          text={t("models.delete.version.help")}
          onClose={() => setDeleting(false)}
          onDelete={async () => {
            setDeleting(false);
            if (await actions.deleteVersion(name, number)) navigate(modelAddress(name));
          }}
        />
      ) : null}
      {plan ? (
        <MoveDialog
          plan={plan}
          versions={versions.data ?? []}
          onClose={() => setPlan(null)}
          onMove={(chosen, reason, archived) => {
            setPlan(null);
            void actions.move(name, chosen, reason, archived);
          }}
        />
      ) : null}
    </header>
  );
}

interface PairsProps {
  title: string;
  pairs: readonly (readonly [string, string])[];
  none: string;
  /** Values are numbers: they stand at the end, and the keys have the room. */
  numeric?: boolean;
}

function Pairs({ title, pairs, none, numeric = false }: PairsProps) {
  const sorted = pairs.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return (
    <Panel title={title} count={pairs.length}>
      {sorted.length === 0 ? (
        <p className="panel-none">{none}</p>
      ) : (
        <table className={numeric ? "table table-tight pairs pairs-numeric" : "table table-tight pairs"}>
          <tbody>
            {sorted.map(([key, value]) => (
              <tr key={key}>
                <th scope="row">
                  <KeyName text={key} />
                </th>
                <td>
                  <LongText text={value} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
