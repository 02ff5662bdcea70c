import { memo, useCallback, useEffect, useId, useSyncExternalStore } from "react";
import { Link } from "wouter";
import type { RunHead } from "../../api/types";
import { Swatch } from "../../charts/Swatch";
import { strokeOf, useColors } from "../../charts/useColors";
import { formatNumber } from "../../data/format";
import { hover } from "../../data/hover";
import type { Column } from "../../data/runtable";
import { STYLES } from "../../data/runstyles";
import { TOPS, type Workspace } from "../../data/workspace";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { runName, type Groups } from "./model";
import type { ChangeWorkspace } from "./useWorkspace";

interface LegendProps {
  /** The first runs of the table, of which those are drawn that are not hidden. */
  runs: readonly RunHead[];
  total: number;
  workspace: Workspace;
  change: ChangeWorkspace;
  styleOf: (runId: string) => number;
  groups: Groups | null;
  baseline: string | null;
  /** What runs are judged by, of the same runs. */
  value: Column | null;
}

/** The drawn runs with their colours: hidden by the eye, alone by the target. */
export function Legend({ runs, total, workspace, change, styleOf, groups, baseline, value }: LegendProps) {
  const { t } = useWords();
  const colors = useColors();
  const source = useId();
  const lit = useSyncExternalStore(hover.subscribeLit, hover.lit);
  useEffect(() => () => hover.clear(source), [source]);
  const seen = runs.filter((run) => isSeen(workspace, run.run_id)).length;
  const grey = groups ? 0 : runs.length - STYLES;
  const styleIn = (runId: string) => (groups ? groups.styleOf(groups.of(runId)) : styleOf(runId));
  const toggle = useCallback(
    (runId: string) =>
      change((now) => ({
        ...now,
        only: [],
        hidden: isSeen(now, runId)
          ? [...hiddenOf(now, runs), runId]
          : hiddenOf(now, runs).filter((other) => other !== runId),
      })),
    [change, runs],
  );
  const alone = useCallback(
    (runId: string) => change((now) => ({ ...now, only: now.only.length === 1 && now.only[0] === runId ? [] : [runId] })),
    [change],
  );
  return (
    <section className="legend" aria-label={t("legend.title")}>
      <div className="legend-head">
        <strong>{t("legend.drawn", { n: seen, total })}</strong>
        <select
          className="select"
          aria-label={t("legend.top")}
          title={t("legend.top")}
          value={workspace.top}
          onChange={(event) => change((now) => ({ ...now, top: Number(event.target.value) }))}
        >
          {TOPS.map((count) => (
            <option key={count} value={count}>
              {t("legend.first", { n: count })}
            </option>
          ))}
        </select>
        {workspace.hidden.length || workspace.only.length ? (
          <button type="button" className="button-link" onClick={() => change((now) => ({ ...now, hidden: [], only: [] }))}>
            {t("legend.all")}
          </button>
        ) : null}
      </div>
      {groups ? (
        <ul className="legend-groups" aria-label={t("group.label")}>
          {groups.labels.map((label) => (
            <li key={label}>
              <Swatch stroke={strokeOf(groups.styleOf(label), colors)} />
              <span>{label}</span>
            </li>
          ))}
        </ul>
      ) : null}
      {value ? (
        <div className="legend-columns" aria-hidden="true">
          <span>{t("column.name")}</span>
          <span title={value.label}>{value.label}</span>
        </div>
      ) : null}
      <ul className="legend-runs">
        {runs.map((run, index) => (
          <Row
            key={run.run_id}
            run={run}
            shown={isSeen(workspace, run.run_id)}
            alone={workspace.only.includes(run.run_id)}
            lit={lit === run.run_id}
            base={run.run_id === baseline}
            style={styleIn(run.run_id)}
            value={value ? (value.numbers[index] ?? Number.NaN) : undefined}
            source={source}
            onToggle={toggle}
            onAlone={alone}
          />
        ))}
      </ul>
      {grey > 0 ? <p className="legend-note">{t("legend.grey", { n: grey })}</p> : null}
      {total > runs.length ? <p className="legend-note">{t("legend.more", { n: total - runs.length })}</p> : null}
    </section>
  );
}

interface RowProps {
  run: RunHead;
  shown: boolean;
  alone: boolean;
  lit: boolean;
  base: boolean;
  style: number;
  /** NaN where the run has none; undefined where none is shown. */
  value: number | undefined;
  source: string;
  onToggle: (runId: string) => void;
  onAlone: (runId: string) => void;
}

/** One run of the list; drawn again only when something of it changes, as there may be a thousand. */
const Row = memo(function Row({ run, shown, alone, lit, base, style, value, source, onToggle, onAlone }: RowProps) {
  const { t } = useWords();
  const colors = useColors();
  const name = runName(run);
  const id = run.run_id;
  return (
    <li
      className={[shown ? "" : "legend-off", lit ? "legend-lit" : ""].filter(Boolean).join(" ") || undefined}
      onPointerEnter={() => hover.set({ axis: "", x: null, runId: id, source })}
      onPointerLeave={() => hover.clear(source)}
    >
      <button type="button" className="icon-button" aria-pressed={shown} aria-label={t("legend.show", { name })} title={t("legend.show", { name })} onClick={() => onToggle(id)}>
        <Icon name={shown ? "eye" : "eyeOff"} />
      </button>
      <Swatch stroke={strokeOf(shown ? style : -1, colors)} />
      <Link href={`/runs/${id}`} title={name}>
        {name}
      </Link>
      {base ? <span className="legend-base">{t("legend.baseline")}</span> : null}
      <button type="button" className="icon-button legend-alone" aria-pressed={alone} aria-label={t("legend.alone", { name })} title={t("legend.alone", { name })} onClick={() => onAlone(id)}>
        <Icon name="target" />
      </button>
      {value === undefined ? null : <span className="legend-value">{Number.isNaN(value) ? "–" : formatNumber(value)}</span>}
    </li>
  );
});

/** Whether a run is neither hidden nor left out because others are alone. */
export function isSeen(workspace: Workspace, runId: string): boolean {
  return workspace.only.length ? workspace.only.includes(runId) : !workspace.hidden.includes(runId);
}

/** The hidden runs; of a solo view, all but the solo ones. */
function hiddenOf(workspace: Workspace, runs: readonly RunHead[]): readonly string[] {
  return workspace.only.length ? runs.map((run) => run.run_id).filter((runId) => !workspace.only.includes(runId)) : workspace.hidden;
}
