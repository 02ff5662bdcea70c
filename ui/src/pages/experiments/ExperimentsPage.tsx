import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import type { ExperimentActivity } from "../../api/types";
import { formatCount } from "../../data/format";
import { useWords } from "../../i18n/language";
import { Empty, Skeleton } from "../../parts/Empty";
import { Heading } from "../../parts/Heading";
import { Icon } from "../../parts/Icon";
import { Failure, Region } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { experimentsQuery } from "../queries";
import { Crumbs } from "../shell/Crumbs";
import { useKeys } from "../shell/useKeys";
import { usePageActions } from "../shell/usePageActions";
import { loggingSnippets } from "../snippets";
import { useChanges } from "../useChanges";
import { ExperimentForm } from "./ExperimentForm";
import { ExperimentTable, type Layout } from "./ExperimentTable";
import { readOrder, sortExperiments, writeOrder, type Order } from "./order";
import { useExperimentActions } from "./useExperimentActions";
import "./experiments.css";

const TYPING_MS = 250;
const LAYOUT_KEY = "clew.experiments.layout";
const TOPICS = ["experiments"];

/** What the list shows, as the address says it. */
interface ListView {
  search: string;
  order: Order;
  starred: boolean;
  deleted: boolean;
}

function readView(text: string): ListView {
  const query = new URLSearchParams(text);
  return {
    search: query.get("q") ?? "",
    order: readOrder(query.get("sort")),
    starred: query.get("star") === "1",
    deleted: query.get("state") === "deleted",
  };
}

function writeView(view: ListView): string {
  const sort = writeOrder(view.order);
  const query = new URLSearchParams({
    ...(view.search ? { q: view.search } : {}),
    ...(sort ? { sort } : {}),
    ...(view.starred ? { star: "1" } : {}),
    ...(view.deleted ? { state: "deleted" } : {}),
  });
  return query.size ? `?${query}` : "";
}

/** All experiments with their activity. */
export function ExperimentsPage() {
  const { t, language } = useWords();
  const [path, navigate] = useLocation();
  const text = useSearch();
  const view = useMemo(() => readView(text), [text]);
  const { search, order, starred, deleted } = view;
  const [layout, setLayout] = useState<Layout>(() => (localStorage.getItem(LAYOUT_KEY) === "tree" ? "tree" : "list"));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [form, setForm] = useState<ExperimentActivity | "new" | null>(null);
  const actions = useExperimentActions();
  const client = useQueryClient();
  const experiments = useQuery(experimentsQuery({ search, deleted, activity: true }));
  const found = experiments.data?.experiments;
  const rows = useMemo(
    () => sortExperiments((found ?? []).filter((row) => !starred || row.starred), order, language),
    [found, order, language, starred],
  );
  const total = experiments.data?.total ?? rows.length;
  const chosen = rows.filter((row) => selected.has(row.experiment_id));

  useChanges(TOPICS, () => client.invalidateQueries({ queryKey: ["experiments"] }));
  usePageActions([
    { id: "new", label: t("experiments.new"), run: () => setForm("new") },
    { id: "trash", label: t(deleted ? "experiments.active" : "state.deleted"), run: () => go({ deleted: !deleted }) },
  ]);

  const go = (change: Partial<ListView>) => {
    setSelected(new Set());
    navigate(`${path}${writeView({ ...view, ...change })}`, { replace: true });
  };
  const chooseLayout = (next: Layout) => {
    setLayout(next);
    localStorage.setItem(LAYOUT_KEY, next);
  };
  const trash = (some: readonly ExperimentActivity[]) => {
    setSelected(new Set());
    void actions.trash(some, deleted);
  };
  const select = (id: string) => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    setSelected(next);
  };

  return (
    <div className="page">
      <Crumbs items={[]} />
      <div className="page-head">
        <Heading title={[t("experiments.title")]}>{t("experiments.title")}</Heading>
        {experiments.data ? <span className="count">{formatCount(total, language)}</span> : null}
        <div className="page-tools">
          <NameFilter value={search} onChange={(q) => go({ search: q })} />
          <button
            type="button"
            className={starred ? "button tool-active" : "button"}
            aria-pressed={starred}
            onClick={() => go({ starred: !starred })}
          >
            <Icon name="star" />
            {t("star.only")}
          </button>
          <button
            type="button"
            className={deleted ? "button tool-active" : "button"}
            aria-pressed={deleted}
            onClick={() => go({ deleted: !deleted })}
          >
            <Icon name="trash" />
            {t("trash.label")}
          </button>
          <LayoutSwitch layout={layout} onChange={chooseLayout} />
          <button type="button" className="button button-strong" onClick={() => setForm("new")}>
            <Icon name="plus" />
            {t("experiments.new")}
          </button>
        </div>
      </div>
      <Region name={search}>
        {experiments.isError && !experiments.data ? (
          <Failure error={experiments.error} retry={() => void experiments.refetch()} />
        ) : experiments.isPending ? (
          <Skeleton lines={8} />
        ) : rows.length === 0 ? (
          <Nothing view={view} onAll={() => go({ search: "", starred: false, deleted: false })} />
        ) : (
          <>
            <ExperimentTable
              rows={rows}
              selected={selected}
              deleted={deleted}
              layout={layout}
              order={order}
              onOrder={(next) => go({ order: next })}
              onSelect={select}
              onSelectAll={() =>
                setSelected(new Set(selected.size < rows.length ? rows.map((row) => row.experiment_id) : []))
              }
              onStar={(row) => void actions.star(row)}
              onRename={setForm}
              onTrash={trash}
            />
            {chosen.length ? (
              <div className="bulk page-bulk" role="toolbar" aria-label={t("bulk.label")}>
                <span className="bulk-count" role="status">
                  {t("bulk.selectedExperiments", { n: chosen.length })}
                </span>
                <button
                  type="button"
                  className={deleted ? "button tool" : "button tool tone-bad"}
                  onClick={() => trash(chosen)}
                >
                  <Icon name={deleted ? "restore" : "trash"} />
                  {t(deleted ? "bulk.restore" : "bulk.delete")}
                </button>
                <button type="button" className="button tool" onClick={() => setSelected(new Set())}>
                  {t("bulk.clear")}
                </button>
              </div>
            ) : (
              <p className="page-foot">
                {(found?.length ?? 0) < total
                  ? t("experiments.some", { shown: rows.length, total })
                  : t("experiments.all", { n: rows.length })}
              </p>
            )}
            {rows.every((row) => !row.runs) && !search && !deleted && !starred ? <FirstRun /> : null}
          </>
        )}
      </Region>
      {form === "new" ? (
        <ExperimentForm
          title={t("experiments.new")}
          action={t("experiments.create")}
          before=""
          onClose={() => setForm(null)}
          onSave={(draft) => {
            setForm(null);
            void actions.create(draft);
          }}
        />
      ) : form ? (
        <ExperimentForm
          title={t("experiments.rename")}
          action={t("experiments.rename")}
          before={form.name}
          onClose={() => setForm(null)}
          onSave={(draft) => {
            setForm(null);
            void actions.rename(form, draft.name);
          }}
        />
      ) : null}
    </div>
  );
}

function NameFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useWords();
  const field = useRef<HTMLInputElement>(null);
  const [draft, setDraft] = useState(value);
  const change = useRef(onChange);
  useEffect(() => {
    change.current = onChange;
  });
  useEffect(() => setDraft(value), [value]);
  useEffect(() => {
    if (draft === value) return;
    const timer = setTimeout(() => change.current(draft.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [draft, value]);
  useKeys({ "/": () => field.current?.focus() });
  return (
    <label className="field">
      <Icon name="search" />
      <span className="hidden-text">{t("experiments.filter")}</span>
      <input
        ref={field}
        type="search"
        value={draft}
        placeholder={t("experiments.filter")}
        onChange={(event) => setDraft(event.target.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

function LayoutSwitch({ layout, onChange }: { layout: Layout; onChange: (layout: Layout) => void }) {
  const { t } = useWords();
  return (
    <div className="segments" role="group" aria-label={t("experiments.layout")}>
      <button type="button" aria-pressed={layout === "list"} onClick={() => onChange("list")}>
        <Icon name="list" />
        {t("experiments.list")}
      </button>
      <button type="button" aria-pressed={layout === "tree"} onClick={() => onChange("tree")}>
        <Icon name="tree" />
        {t("experiments.tree")}
      </button>
    </div>
  );
}

function Nothing({ view, onAll }: { view: ListView; onAll: () => void }) {
  const { t } = useWords();
  if (!view.search && !view.starred && !view.deleted) return <FirstRun />;
  const title = view.search
    ? t("experiments.noMatch", { search: view.search })
    : t(view.deleted ? "trash.empty" : "star.none");
  return (
    <Empty icon={view.search ? "search" : view.deleted ? "trash" : "star"} title={title}>
      <button type="button" className="button" onClick={onAll}>
        {t(view.search ? "filter.clear" : "notFound.back")}
      </button>
    </Empty>
  );
}

function FirstRun() {
  const { t } = useWords();
  return (
    <Empty icon="experiments" title={t("empty.runs.title")}>
      <p>{t("empty.runs.help")}</p>
      <Snippets snippets={loggingSnippets("my-first-experiment")} />
    </Empty>
  );
}
