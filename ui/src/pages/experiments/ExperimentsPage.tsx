import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
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
import { loggingSnippets } from "../snippets";
import { ExperimentTable, type Layout } from "./ExperimentTable";
import { readOrder, sortExperiments, writeOrder, type Order } from "./order";
import "./experiments.css";

const TYPING_MS = 250;
const LAYOUT_KEY = "clew.experiments.layout";

/** All experiments with their activity. */
export function ExperimentsPage() {
  const { t, language } = useWords();
  const [path, navigate] = useLocation();
  const search = new URLSearchParams(useSearch());
  const wanted = search.get("q") ?? "";
  const order = readOrder(search.get("sort"));
  const [layout, setLayout] = useState<Layout>(() => (localStorage.getItem(LAYOUT_KEY) === "tree" ? "tree" : "list"));
  const experiments = useQuery(experimentsQuery(wanted));
  const found = experiments.data?.experiments;
  const rows = useMemo(() => sortExperiments(found ?? [], order, language), [found, order, language]);
  const total = experiments.data?.total ?? rows.length;

  const go = (q: string, next: Order | null) => {
    const query = new URLSearchParams();
    if (q) query.set("q", q);
    const sort = next && writeOrder(next);
    if (sort) query.set("sort", sort);
    navigate(`${path}${query.size ? `?${query}` : ""}`, { replace: true });
  };
  const chooseLayout = (next: Layout) => {
    setLayout(next);
    localStorage.setItem(LAYOUT_KEY, next);
  };

  return (
    <div className="page">
      <Crumbs items={[]} />
      <div className="page-head">
        <Heading title={[t("experiments.title")]}>{t("experiments.title")}</Heading>
        {experiments.data ? <span className="count">{formatCount(total, language)}</span> : null}
        <div className="page-tools">
          <NameFilter value={wanted} onChange={(q) => go(q, order)} />
          <LayoutSwitch layout={layout} onChange={chooseLayout} />
        </div>
      </div>
      <Region name={wanted}>
        {experiments.isError && !experiments.data ? (
          <Failure error={experiments.error} retry={() => void experiments.refetch()} />
        ) : experiments.isPending ? (
          <Skeleton lines={8} />
        ) : rows.length === 0 ? (
          <NoExperiments search={wanted} onClear={() => go("", order)} />
        ) : (
          <>
            <ExperimentTable rows={rows} layout={layout} order={order} onOrder={(next) => go(wanted, next)} />
            <p className="page-foot">
              {rows.length < total
                ? t("experiments.some", { shown: rows.length, total })
                : t("experiments.all", { n: total })}
            </p>
            {rows.every((row) => !row.runs) && !wanted ? <FirstRun /> : null}
          </>
        )}
      </Region>
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

function NoExperiments({ search, onClear }: { search: string; onClear: () => void }) {
  const { t } = useWords();
  if (!search) return <FirstRun />;
  return (
    <Empty icon="search" title={t("experiments.noMatch", { search })}>
      <button type="button" className="button" onClick={onClear}>
        {t("filter.clear")}
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
