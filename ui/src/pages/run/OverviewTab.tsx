import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { Link } from "wouter";
import type { Run } from "../../api/types";
import { Sparkline } from "../../charts/Sparkline";
import { ALL_CHARTS, encodeCharts } from "../../data/chartview";
import { byEvaluation, isSystemMetric } from "../../data/columns";
import { formatNumber, formatTime, toNumber } from "../../data/format";
import { goalOf } from "../../data/goal";
import { summarize, type Series } from "../../data/series";
import { useWords } from "../../i18n/language";
import { CopyButton } from "../../parts/CopyButton";
import { Empty, Skeleton } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { KeyName } from "../../parts/KeyName";
import { LongText } from "../../parts/LongText";
import { Failure } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { experimentQuery } from "../queries";
import { METRIC_SNIPPET } from "../snippets";
import { DatasetList } from "./DatasetList";
import { Panel } from "./Panel";
import { TagPanel } from "./TagPanel";
import { NOTE_TAG, tagOf, useRunActions } from "./useRunActions";
import { useKeyList, useSeries } from "./useSeries";

const RegisterButton = lazy(async () => ({ default: (await import("../models/RegisterButton")).RegisterButton }));

const MarkdownText = lazy(async () => ({ default: (await import("./viewers/MarkdownText")).MarkdownText }));

const CARDS = 4;
const FILTER_FROM = 12;
/** Characters of a number that a card has room for in large type. */
const LONG_NUMBER = 7;

/** Key metrics, metrics, params, tags, datasets and facts of a run. */
export function OverviewTab({ run }: { run: Run }) {
  const { t } = useWords();
  const latest = run.data?.metrics ?? [];
  const keys = useKeyList(latest.map((metric) => metric.key));
  const running = run.info.status === "RUNNING";
  const { series, error, retry } = useSeries(run.info.run_id, keys, running);
  const actions = useRunActions(run);
  const datasets = run.inputs?.dataset_inputs ?? [];
  return (
    <div className="overview">
      <div className="overview-main">
        {latest.length === 0 ? (
          <>
            <Empty icon="experiments" title={running ? t("metrics.waiting") : t("metrics.none")}>
              <Snippets snippets={METRIC_SNIPPET} />
            </Empty>
            <Note run={run} />
          </>
        ) : (
          <>
            <KeyMetrics run={run} series={series} />
            <Note run={run} />
            {error ? <Failure error={error} retry={retry} /> : null}
            <MetricTable run={run} series={series} />
          </>
        )}
        {datasets.length ? <DatasetList datasets={datasets} /> : null}
        <ModelList run={run} />
      </div>
      <div className="overview-side">
        <Pairs
          title={t("section.params")}
          pairs={run.data?.params ?? []}
          none={t("params.none")}
        />
        <TagPanel
          tags={run.data?.tags}
          onSet={(key, value) => void actions.setTag(key, value)}
          onDelete={(tag) => void actions.dropTag(tag.key)}
        />
        <Facts run={run} />
      </div>
    </div>
  );
}

type SeriesMap = ReadonlyMap<string, Series>;

function KeyMetrics({ run, series }: { run: Run; series: SeriesMap }) {
  const { t } = useWords();
  const metrics = (run.data?.metrics ?? []).filter((metric) => !isSystemMetric(metric.key));
  const goal = goalOf(useQuery(experimentQuery(run.info.experiment_id)).data?.tags)?.metric;
  const first = metrics
    .toSorted((a, b) => Number(b.key === goal) - Number(a.key === goal) || byEvaluation(a, b))
    .slice(0, CARDS);
  // Until the points are here, a step tells whether there will be a curve: the page must not jump.
  const curves = first.some((metric) => (series.get(metric.key)?.values.length ?? (metric.step ? 2 : 1)) > 1);
  return (
    <ul className="cards" aria-label={t("metrics.key")}>
      {first.map((metric) => {
        const points = series.get(metric.key);
        const value = toNumber(metric.value);
        const text = formatNumber(value);
        return (
          <li key={metric.key} className="card">
            <span className="card-title" title={metric.key}>
              {metric.key}
            </span>
            <span className={text.length > LONG_NUMBER ? "card-value card-value-long" : "card-value"} title={String(value)}>
              {text}
            </span>
            <span className="card-note">
              {metric.step === undefined ? "" : t("metrics.atStep", { step: metric.step })}
            </span>
            {curves ? (
              <span className="card-line">{points ? <Sparkline xs={points.steps} values={points.values} /> : null}</span>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}

function MetricTable({ run, series }: { run: Run; series: SeriesMap }) {
  const { t, language } = useWords();
  const [search, setSearch] = useState("");
  const all = run.data?.metrics ?? [];
  const shown = all.filter((metric) => metric.key.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <Panel
      title={t("section.metrics")}
      count={all.length}
      {...(all.length >= FILTER_FROM ? { search, onSearch: setSearch } : {})}
    >
      <table className="table table-tight">
        <thead>
          <tr>
            <th scope="col">{t("column.metric")}</th>
            <th scope="col" className="numeric">
              {t("column.last")}
            </th>
            <th scope="col" className="numeric">
              {t("column.min")}
            </th>
            <th scope="col" className="numeric">
              {t("column.max")}
            </th>
            <th scope="col" className="numeric">
              {t("column.step")}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((metric) => {
            const points = series.get(metric.key);
            const summary = points ? summarize(points.values) : null;
            const last = toNumber(metric.value);
            return (
              <tr key={metric.key}>
                <th scope="row" title={metric.key}>
                  <Link href={`/runs/${run.info.run_id}/${isSystemMetric(metric.key) ? "system" : "metrics"}?${encodeCharts({ ...ALL_CHARTS, find: metric.key })}`}>{metric.key}</Link>
                </th>
                <td className={`numeric ${Number.isFinite(last) ? "strong" : "tone-warn"}`} title={String(last)}>
                  {formatNumber(last)}
                </td>
                <td className="numeric">{summary ? finite(summary.min) : "…"}</td>
                <td className="numeric">{summary ? finite(summary.max) : "…"}</td>
                <td className="numeric muted">{metric.step?.toLocaleString(language) ?? "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Panel>
  );
}

const finite = (value: number) => (Number.isNaN(value) ? "–" : formatNumber(value));

interface PairsProps {
  title: string;
  pairs: readonly { key: string; value: string }[];
  none: string;
}

function Pairs({ title, pairs, none }: PairsProps) {
  const { t } = useWords();
  const [search, setSearch] = useState("");
  const sorted = useMemo(() => pairs.toSorted((a, b) => (a.key < b.key ? -1 : 1)), [pairs]);
  const wanted = search.trim().toLowerCase();
  const shown = sorted.filter((pair) => `${pair.key} ${pair.value}`.toLowerCase().includes(wanted));
  const json = () => JSON.stringify(Object.fromEntries(sorted.map((pair) => [pair.key, pair.value])), null, 2);
  return (
    <Panel
      title={title}
      count={pairs.length}
      tools={pairs.length ? <CopyButton small text={json()} label={t("copy.json")} /> : null}
      {...(pairs.length >= FILTER_FROM ? { search, onSearch: setSearch } : {})}
    >
      {pairs.length === 0 ? (
        <p className="panel-none">{none}</p>
      ) : (
        <table className="table table-tight pairs">
          <tbody>
            {shown.map((pair) => (
              <tr key={pair.key}>
                <th scope="row">
                  <KeyName text={pair.key} />
                </th>
                <td>{pair.value === "" ? <span className="muted">{t("value.empty")}</span> : <LongText text={pair.value} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function Facts({ run }: { run: Run }) {
  const { t, language } = useWords();
  const tags = new Map(run.data?.tags?.map((tag) => [tag.key, tag.value]));
  const time = (ms: number | undefined) => (ms ? formatTime(ms, language) : undefined);
  const facts: [string, string | undefined][] = [
    [t("fact.start"), time(run.info.start_time)],
    [t("fact.end"), time(run.info.end_time)],
    [t("fact.source"), tags.get("mlflow.source.name")],
    [t("fact.commit"), tags.get("mlflow.source.git.commit")?.slice(0, 12)],
    [t("fact.branch"), tags.get("mlflow.source.git.branch")],
    [t("fact.artifacts"), run.info.artifact_uri],
  ];
  return (
    <Panel title={t("section.facts")}>
      <dl className="facts">
        {facts.map(([name, value]) =>
          value ? (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <KeyName text={value} />
              </dd>
            </div>
          ) : null,
        )}
      </dl>
      {tags.get("mlflow.source.git.commit") ? null : (
        <p className="panel-none">
          <Icon name="warning" />
          {t("fact.noGit")}
        </p>
      )}
    </Panel>
  );
}

function Note({ run }: { run: Run }) {
  const { t } = useWords();
  const note = tagOf(run, NOTE_TAG);
  if (!note) return null;
  return (
    <Panel title={t("fact.note")}>
      <div className="note">
        <Suspense fallback={<Skeleton lines={2} />}>
          <MarkdownText runId={run.info.run_id} path="" text={note} />
        </Suspense>
      </div>
    </Panel>
  );
}

/** The models that the run logged, by their URIs. */
function ModelList({ run }: { run: Run }) {
  const { t } = useWords();
  const models = run.outputs?.model_outputs ?? [];
  if (models.length === 0) return null;
  return (
    <Panel title={t("section.models")} count={models.length}>
      <ul className="datasets">
        {models.map(({ model_id: id }) => (
          <li key={id}>
            <Icon name="box" />
            <code>{`models:/${id}`}</code>
            <span className="dataset-digest">
              <CopyButton small text={`models:/${id}`} label={t("model.copyUri")} />
              <Suspense fallback={null}>
                <RegisterButton modelId={id} runId={run.info.run_id} />
              </Suspense>
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
