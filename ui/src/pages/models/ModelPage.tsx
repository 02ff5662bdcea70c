import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { ApiError } from "../../api/http";
import * as registry from "../../api/registry";
import type { LatestMetric, ModelVersion, RegisteredModel } from "../../api/types";
import { formatAge, formatNumber, formatTime, toNumber } from "../../data/format";
import { comparisonAddress, decodeModel, encodeModel, versionAddress, type ModelView } from "../../data/registry";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Empty, Skeleton } from "../../parts/Empty";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import { useNow } from "../../parts/Now";
import { Failure, Region } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { MenuButton } from "../../parts/ToolButton";
import { TagPanel } from "../run/TagPanel";
import { NotThere } from "../NotFoundPage";
import { Crumbs } from "../shell/Crumbs";
import { useKeys } from "../shell/useKeys";
import { AliasChip } from "./AliasChip";
import { registerSnippets } from "./code";
import { DeleteDialog } from "./DeleteDialog";
import { Description } from "./Description";
import { History } from "./History";
import { modelQuery, versionQuery, versionsQuery } from "./queries";
import { RegistryFilter } from "./RegistryFilter";
import { Requests } from "./Requests";
import { StageBadge } from "./StageBadge";
import { StateAt } from "./StateAt";
import { useRegistryActions } from "./useRegistryActions";
import "../run/run.css";
import "./models.css";

/** Metrics of a version that the table has room for. */
const METRICS = 3;
/** Newest versions whose metrics are shown: lists leave these out, each version is asked for. */
const WITH_METRICS = 12;

/** One registered model: its versions, and how they were moved. */
export function ModelPage({ name }: { name: string }) {
  const { t } = useWords();
  const model = useQuery(modelQuery(name));
  const crumbs = <Crumbs items={[{ label: t("models.title"), href: "/models" }]} />;
  if (!model.data) {
    return (
      <div className="page">
        {crumbs}
        {model.isError ? (
          <NotThere
            error={model.error}
            title={t("models.notFound", { name })}
            help={t("models.notFound.help")}
            retry={() => void model.refetch()}
          />
        ) : (
          <Skeleton lines={10} />
        )}
      </div>
    );
  }
  return (
    <div className="page">
      {crumbs}
      <ModelBody model={model.data} />
    </div>
  );
}

function ModelBody({ model }: { model: RegisteredModel }) {
  const { t, language } = useWords();
  const now = useNow();
  const actions = useRegistryActions();
  const { name, aliases = [], creation_timestamp: created } = model;
  const [deleting, setDeleting] = useState(false);
  const [path, navigate] = useLocation();
  const search = useSearch();
  const view = useMemo(() => decodeModel(search), [search]);
  const go = (change: Partial<ModelView>, replace = true) => {
    const query = encodeModel({ ...view, ...change });
    navigate(query ? `${path}?${query}` : path, { replace });
  };
  return (
    <>
      <header className="run-head">
        <div className="page-head">
          <Heading title={[name, t("models.title")]}>{name}</Heading>
          {aliases.map((one) => (
            <AliasChip key={one.alias} name={name} {...one} />
          ))}
          <div className="page-tools">
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
              {t("models.createdAgo", { age: formatAge(created, now, language) })}
            </span>
          ) : null}
          {model.user_id ? <span>{model.user_id}</span> : null}
          <span className="run-id">
            <code>{`models:/${name}`}</code>
            <CopyButton small text={`models:/${name}`} label={t("model.copyUri")} />
          </span>
        </p>
      </header>
      {deleting ? (
        <DeleteDialog
          title={t("models.delete", { name })}
          text={t("models.delete.help")}
          onClose={() => setDeleting(false)}
          onDelete={async () => {
            setDeleting(false);
            if (await actions.deleteModel(name)) navigate("/models");
          }}
        />
      ) : null}
      <div className="overview model-overview">
        <div className="overview-main">
          <Region name="requests">
            <Requests name={name} />
          </Region>
          <Region name="versions">
            <Versions name={name} view={view} go={go} />
          </Region>
          <Region name="history">
            <History name={name} onAt={(at) => go({ at }, false)} />
          </Region>
        </div>
        <div className="overview-side">
          <Region name="at">
            <StateAt name={name} at={view.at} onAt={(at) => go({ at })} />
          </Region>
          <Description
            text={model.description ?? ""}
            onSave={(text) => void actions.attempt(() => registry.describeModel(name, text))}
          />
          <TagPanel
            tags={model.tags}
            onSet={(key, value) => void actions.attempt(() => registry.tagModel(name, key, value))}
            onDelete={(tag) => void actions.attempt(() => registry.untagModel(name, tag.key))}
          />
        </div>
      </div>
    </>
  );
}

/** With fewer versions than these there is nothing to look for. */
const WORTH_A_FILTER = 6;

interface VersionsProps {
  name: string;
  view: ModelView;
  go: (change: Partial<ModelView>, replace?: boolean) => void;
}

function Versions({ name, view, go }: VersionsProps) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const { filter } = view;
  const versions = useQuery({ ...versionsQuery(name, filter), placeholderData: keepPreviousData });
  const newest = (versions.data ?? []).slice(0, WITH_METRICS);
  const details = useQueries({
    queries: newest.map((one) => ({ ...versionQuery(name, one.version), refetchInterval: false as const, staleTime: 60_000 })),
  });
  const known = new Set(versions.data?.map((version) => version.version));
  const selected = view.selected.filter((version) => known.has(version));
  const select = (version: string) =>
    go({ selected: selected.includes(version) ? selected.filter((one) => one !== version) : [...selected, version] });
  const compare = () => {
    if (selected.length > 1) navigate(comparisonAddress(name, selected));
  };
  useKeys({ c: compare });
  const refused = versions.error instanceof ApiError && versions.error.status === 400 ? versions.error.message : null;
  if (versions.isError && !versions.data && !filter) {
    return <Failure error={versions.error} retry={() => void versions.refetch()} />;
  }
  if (versions.isPending) return <Skeleton lines={6} />;
  const rows = versions.data ?? [];
  if (rows.length === 0 && !filter) {
    return (
      <Empty icon="box" title={t("models.noVersions")}>
        <p>{t("models.none.help")}</p>
        <Snippets snippets={registerSnippets()} />
      </Empty>
    );
  }
  return (
    <section className="panel versions" aria-labelledby="versions-title">
      <div className="panel-head">
        <h2 id="versions-title">{t("models.versions")}</h2>
        <span className="count">{rows.length}</span>
        <span className="panel-space" />
        <button type="button" className="button" disabled={selected.length < 2} onClick={compare}>
          <Icon name="split" />
          {t("models.compare", { n: selected.length })}
        </button>
      </div>
      {filter || rows.length >= WORTH_A_FILTER ? (
        <div className="versions-filter">
          <RegistryFilter
            entity="model_versions"
            list="versions"
            label={t("models.versions.filter")}
            placeholder={t("models.versions.hint")}
            applied={filter}
            refused={refused}
            busy={versions.isPlaceholderData}
            result={versions.isPlaceholderData ? t("loading") : t("models.versions.n", { n: rows.length })}
            onApply={(next, replace) => go({ filter: next }, replace)}
          />
        </div>
      ) : null}
      {rows.length === 0 ? <p className="panel-none">{t("models.versions.noMatch")}</p> : null}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys */}
      <div className="versions-frame" hidden={rows.length === 0} tabIndex={0} role="group" aria-label={t("models.versions")}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col" className="slim">
                <span className="hidden-text">{t("models.select")}</span>
              </th>
              <th scope="col">{t("models.versionTitle")}</th>
              <th scope="col">{t("models.stage")}</th>
              <th scope="col">{t("models.aliases")}</th>
              <th scope="col">{t("section.metrics")}</th>
              <th scope="col">{t("models.run")}</th>
              <th scope="col" className="numeric">
                {t("models.createdTitle")}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((version, index) => (
              <VersionRow
                key={version.version}
                version={version}
                metrics={details[index]?.data?.model_metrics ?? []}
                selected={selected.includes(version.version)}
                onSelect={() => select(version.version)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface RowProps {
  version: ModelVersion;
  metrics: readonly LatestMetric[];
  selected: boolean;
  onSelect: () => void;
}

function VersionRow({ version, metrics, selected, onSelect }: RowProps) {
  const { t, language } = useWords();
  const now = useNow();
  const { name, version: number, aliases = [], creation_timestamp: created } = version;
  return (
    <tr className={selected ? "chosen" : undefined}>
      <td className="slim">
        <input
          type="checkbox"
          aria-label={t("select.run", { name: t("models.version", { version: number }) })}
          checked={selected}
          onChange={onSelect}
        />
      </td>
      <td>
        <Link className="row-link" href={versionAddress(name, number)}>
          v{number}
        </Link>
      </td>
      <td>
        <StageBadge stage={version.current_stage} />
      </td>
      <td>
        <span className="chips-line">
          {aliases.length === 0 ? <span className="muted">–</span> : null}
          {aliases.map((alias) => (
            <AliasChip key={alias} name={name} alias={alias} />
          ))}
        </span>
      </td>
      <td>
        <span className="version-metrics">
          {metrics.length === 0 ? <span className="muted">–</span> : null}
          {metrics.slice(0, METRICS).map((metric) => (
            <span key={metric.key}>
              <span className="muted">{metric.key}</span> {formatNumber(toNumber(metric.value))}
            </span>
          ))}
        </span>
      </td>
      <td>
        {version.run_id ? (
          <Link href={`/runs/${version.run_id}`}>
            <code>{version.run_id.slice(0, 8)}</code>
          </Link>
        ) : (
          <span className="muted">–</span>
        )}
      </td>
      <td className="numeric muted">
        {created ? <time title={formatTime(created, language)}>{formatAge(created, now, language)}</time> : "–"}
      </td>
    </tr>
  );
}
