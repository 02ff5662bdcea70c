import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { ApiError } from "../../api/http";
import type { RegisteredModel } from "../../api/types";
import { formatAge, formatCount, formatTime } from "../../data/format";
import { byStage, decodeModels, encodeModels, modelAddress, versionAddress, type ModelColumn, type ModelsView } from "../../data/registry";
import { useWords, type MessageKey } from "../../i18n/language";
import { Empty, Skeleton } from "../../parts/Empty";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import { useNow } from "../../parts/Now";
import { Failure, Region } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { Crumbs } from "../shell/Crumbs";
import { usePageActions } from "../shell/usePageActions";
import { AliasChip } from "./AliasChip";
import { registerSnippets } from "./code";
import { MAX_MODELS, modelsQuery } from "./queries";
import { RegistryFilter } from "./RegistryFilter";
import { RegisterForm } from "./RegisterForm";
import { StageBadge } from "./StageBadge";
import { useRegistryActions } from "./useRegistryActions";
import "../experiments/experiments.css";
import "./models.css";

/** All registered models: what stands in which stage, and what the aliases mean. */
export function ModelsPage() {
  const { t, language } = useWords();
  const [path, navigate] = useLocation();
  const search = useSearch();
  const view = useMemo(() => decodeModels(search), [search]);
  const [creating, setCreating] = useState(false);
  const actions = useRegistryActions();
  const models = useQuery(modelsQuery(view));
  const refused = models.error instanceof ApiError && models.error.status === 400 ? models.error.message : null;
  // What was found stays while the filter is one that the server cannot read.
  const [found, setFound] = useState(models.data);
  if (models.data && models.data !== found) setFound(models.data);
  const rows = found?.registered_models ?? [];
  const go = (change: Partial<ModelsView>, replace = true) => {
    const query = encodeModels({ ...view, ...change });
    navigate(query ? `${path}?${query}` : path, { replace });
  };
  usePageActions([{ id: "new-model", label: t("models.new"), run: () => setCreating(true) }]);

  return (
    <div className="page">
      <Crumbs items={[]} />
      <div className="page-head models-head">
        <Heading title={[t("models.title")]}>{t("models.title")}</Heading>
        {found ? (
          <span className="count">
            {formatCount(rows.length, language)}
            {found.next_page_token ? "+" : ""}
          </span>
        ) : null}
        <div className="page-tools models-tools">
          <RegistryFilter
            entity="registered_models"
            list="models"
            label={t("models.filter")}
            placeholder={t("models.filter.hint")}
            applied={view.filter}
            refused={refused}
            busy={models.isFetching && models.isPlaceholderData}
            result={found && !models.isPlaceholderData ? t("models.all", { n: rows.length }) : t("loading")}
            onApply={(filter, replace) => go({ filter }, replace)}
          />
          <button type="button" className="button button-strong" onClick={() => setCreating(true)}>
            <Icon name="plus" />
            {t("models.new")}
          </button>
        </div>
      </div>
      <Region name={search}>
        {models.isError && !refused && !models.data ? (
          <Failure error={models.error} retry={() => void models.refetch()} />
        ) : !found ? (
          refused ? null : <Skeleton lines={8} />
        ) : rows.length === 0 && view.filter ? (
          <Empty icon="search" title={t("models.noMatch")}>
            <button type="button" className="button" onClick={() => go({ filter: "" })}>
              {t("filter.clear")}
            </button>
          </Empty>
        ) : rows.length === 0 ? (
          <Empty icon="box" title={t("models.none")}>
            <p>{t("models.none.help")}</p>
            <Snippets snippets={registerSnippets()} />
          </Empty>
        ) : (
          <>
            <ModelTable rows={rows} view={view} onOrder={go} />
            <p className="page-foot">
              {found.next_page_token
                ? t("models.some", { n: MAX_MODELS })
                : t("models.all", { n: rows.length })}
            </p>
          </>
        )}
      </Region>
      {creating ? (
        <RegisterForm
          title={t("models.new")}
          action={t("experiments.create")}
          version={false}
          onClose={() => setCreating(false)}
          onSave={async (draft) => {
            setCreating(false);
            if ((await actions.register(draft)) !== null) navigate(modelAddress(draft.name));
          }}
        />
      ) : null}
    </div>
  );
}

const TITLES: Record<ModelColumn, MessageKey> = { name: "column.name", updated: "models.updated" };

interface TableProps {
  rows: readonly RegisteredModel[];
  view: ModelsView;
  onOrder: (order: Pick<ModelsView, "column" | "descending">) => void;
}

function ModelTable({ rows, view, onOrder }: TableProps) {
  const { t } = useWords();
  const head = (column: ModelColumn, className: string) => {
    const sorted = view.column === column;
    return (
      <th scope="col" className={className} aria-sort={sorted ? (view.descending ? "descending" : "ascending") : "none"}>
        <button
          type="button"
          onClick={() => onOrder({ column, descending: sorted ? !view.descending : column === "updated" })}
        >
          {t(TITLES[column])}
          {sorted ? <Icon name={view.descending ? "down" : "up"} /> : null}
        </button>
      </th>
    );
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="table-frame" tabIndex={0} role="region" aria-label={t("models.title")}>
      <table className="table models-table">
        <thead>
          <tr>
            {head("name", "models-name")}
            <th scope="col">{t("models.stages")}</th>
            <th scope="col">{t("models.aliases")}</th>
            <th scope="col">{t("models.description")}</th>
            {head("updated", "numeric")}
          </tr>
        </thead>
        <tbody>
          {rows.map((model) => (
            <ModelRow key={model.name} model={model} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ModelRow({ model }: { model: RegisteredModel }) {
  const { t, language } = useWords();
  const now = useNow();
  const { name, aliases = [], last_updated_timestamp: updated } = model;
  const latest = byStage(model.latest_versions);
  return (
    <tr>
      <td className="models-name">
        <Link className="row-link" href={modelAddress(name)}>
          {name}
        </Link>
      </td>
      <td>
        <span className="chips-line">
          {latest.length === 0 ? <span className="muted">{t("models.noVersions")}</span> : null}
          {latest.map((version) => (
            <Link key={version.version} className="chip-link" href={versionAddress(name, version.version)}>
              <StageBadge stage={version.current_stage} version={version.version} />
            </Link>
          ))}
        </span>
      </td>
      <td>
        <span className="chips-line">
          {aliases.length === 0 ? <span className="muted">–</span> : null}
          {aliases.map((one) => (
            <AliasChip key={one.alias} name={name} {...one} />
          ))}
        </span>
      </td>
      <td className="models-note muted">
        <span title={model.description || undefined}>{model.description?.split("\n", 1)[0] || "–"}</span>
      </td>
      <td className="numeric muted">
        {updated ? <time title={formatTime(updated, language)}>{formatAge(updated, now, language)}</time> : "–"}
      </td>
    </tr>
  );
}
