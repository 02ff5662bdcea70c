import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import type { Run, RunHead } from "../../api/types";
import { byEvaluation, isSystemMetric } from "../../data/columns";
import { formatDuration, formatNumber } from "../../data/format";
import { goalOf } from "../../data/goal";
import { useWords } from "../../i18n/language";
import { Empty, Skeleton } from "../../parts/Empty";
import { Icon } from "../../parts/Icon";
import { Failure } from "../../parts/Region";
import { Snippets } from "../../parts/Snippets";
import { StatusBadge } from "../../parts/Status";
import { experimentQuery } from "../queries";
import { NESTED_SNIPPET } from "../snippets";
import { ancestorsQuery, childrenQuery } from "./runqueries";
import "./logs.css";

interface Row {
  head: RunHead;
  value: number | null;
}

/** The runs that a run is below, and the runs below it; each opens to those below it in turn. */
export function TreeTab({ run }: { run: Run }) {
  const { t } = useWords();
  const { info } = run;
  const ancestors = useQuery(ancestorsQuery(run));
  const experiment = useQuery(experimentQuery(info.experiment_id));
  const own = (run.data?.metrics ?? []).filter((one) => !isSystemMetric(one.key)).toSorted(byEvaluation);
  const metric = goalOf(experiment.data?.tags)?.metric ?? own[0]?.key ?? null;
  const running = info.status === "RUNNING";
  const children = useInfiniteQuery(childrenQuery(info.experiment_id, info.run_id, metric, running));
  if (ancestors.isError) return <Failure error={ancestors.error} retry={() => void ancestors.refetch()} />;
  if (children.isError) return <Failure error={children.error} retry={() => void children.refetch()} />;
  if (ancestors.isPending || children.isPending) return <Skeleton lines={6} />;
  if (ancestors.data.length === 0 && children.data.pages[0]?.total === 0) {
    return (
      <Empty icon="tree" title={t("tree.none")}>
        <Snippets snippets={NESTED_SNIPPET} />
      </Empty>
    );
  }
  const rowOf = (one: Run): Row => {
    const value = one.data?.metrics?.find((latest) => latest.key === metric)?.value;
    return { head: one.info, value: value === undefined ? null : Number(value) };
  };
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="table-frame run-tree" tabIndex={0} role="group" aria-label={t("run.tab.tree")}>
      <table className="table table-tight">
        <thead>
          <tr>
            <th scope="col">{t("column.name")}</th>
            <th scope="col">{t("column.status")}</th>
            <th scope="col" className="numeric">
              {t("column.duration")}
            </th>
            <th scope="col" className="numeric">
              {metric ?? ""}
            </th>
          </tr>
        </thead>
        <tbody>
          {ancestors.data.map((one, depth) => (
            <RunRow key={one.info.run_id} row={rowOf(one)} depth={depth} />
          ))}
          <RunRow row={rowOf(run)} depth={ancestors.data.length} current />
          <Children experimentId={info.experiment_id} runId={info.run_id} metric={metric} running={running} depth={ancestors.data.length + 1} />
        </tbody>
      </table>
    </div>
  );
}

interface ChildrenProps {
  experimentId: string;
  runId: string;
  metric: string | null;
  running: boolean;
  depth: number;
}

function Children(props: ChildrenProps) {
  const { t } = useWords();
  const { experimentId, runId, metric, running, depth } = props;
  const children = useInfiniteQuery(childrenQuery(experimentId, runId, metric, running));
  const pages = children.data?.pages ?? [];
  const rows = pages.flatMap((page) => {
    const values = metric ? page.columns?.[`metrics.${metric}`] : undefined;
    return (page.runs ?? []).map((head, index): Row => {
      const value = values?.[index] ?? null;
      return { head, value: value === null ? null : Number(value) };
    });
  });
  const left = (pages[0]?.total ?? 0) - rows.length;
  return (
    <>
      {rows.map((row) => (
        <ChildRow key={row.head.run_id} {...props} row={row} />
      ))}
      {children.isPending || children.isError || children.hasNextPage || rows.length === 0 ? (
        <tr>
          <td colSpan={4} style={{ paddingInlineStart: indent(depth) + 40 }} className="muted">
            {children.isError ? (
              <Failure error={children.error} retry={() => void children.refetch()} />
            ) : children.hasNextPage ? (
              <button type="button" className="button-link" disabled={children.isFetchingNextPage} onClick={() => void children.fetchNextPage()}>
                {t("tree.more", { n: left })}
              </button>
            ) : (
              t(children.isPending ? "loading" : "tree.noChildren")
            )}
          </td>
        </tr>
      ) : null}
    </>
  );
}

function ChildRow({ row, ...props }: ChildrenProps & { row: Row }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <RunRow row={row} depth={props.depth} open={open} onToggle={() => setOpen(!open)} />
      {open ? <Children {...props} runId={row.head.run_id} depth={props.depth + 1} running={row.head.status === "RUNNING"} /> : null}
    </>
  );
}

const indent = (depth: number) => 12 + 20 * depth;

interface RunRowProps {
  row: Row;
  depth: number;
  current?: boolean;
  open?: boolean;
  onToggle?: () => void;
}

function RunRow({ row: { head, value }, depth, current = false, open, onToggle }: RunRowProps) {
  const { t, language } = useWords();
  const name = head.run_name || head.run_id.slice(0, 8);
  return (
    <tr aria-current={current ? "true" : undefined}>
      <td style={{ paddingInlineStart: indent(depth) }}>
        <span className="run-tree-name">
          {onToggle ? (
            <button type="button" className="icon-button" aria-expanded={open} aria-label={t("tree.below", { name })} onClick={onToggle}>
              <Icon name={open ? "chevron" : "right"} />
            </button>
          ) : (
            <span />
          )}
          {current ? <strong>{name}</strong> : <Link href={`/runs/${head.run_id}/tree`}>{name}</Link>}
        </span>
      </td>
      <td>
        <StatusBadge status={head.status} />
      </td>
      <td className="numeric">{head.start_time && head.end_time ? formatDuration(head.end_time - head.start_time, language) : "–"}</td>
      <td className="numeric">{value === null ? "–" : formatNumber(value)}</td>
    </tr>
  );
}
