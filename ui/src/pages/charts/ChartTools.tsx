import type { ExperimentColumns } from "../../api/types";
import { BANDS, SMOOTHINGS, type Band, type Smoothing } from "../../data/lines";
import type { Workspace } from "../../data/workspace";
import { useWords, type MessageKey } from "../../i18n/language";
import { Icon } from "../../parts/Icon";
import { AxisSelect, SmoothingRange } from "./controls";
import { KeySelect } from "./KeySelect";
import type { ChangeWorkspace } from "./useWorkspace";

const SMOOTHING_WORDS: Record<Smoothing, MessageKey> = { ema: "smoothing.ema", mean: "smoothing.mean", gauss: "smoothing.gauss" };
const BAND_WORDS: Record<Band, MessageKey> = { sd: "band.sd", sem: "band.sem", minmax: "band.minmax", iqr: "band.iqr", each: "band.each" };

interface ToolsProps {
  workspace: Workspace;
  known: ExperimentColumns;
  change: ChangeWorkspace;
  /** Null where no chart can be added. */
  onAdd: (() => void) | null;
}

/** What holds for all panels. */
export function ChartTools({ workspace, known, change, onAdd }: ToolsProps) {
  const { t } = useWords();
  const set = (part: Partial<Workspace>) => change((now) => ({ ...now, ...part }));
  return (
    <div className="charts-tools" role="toolbar" aria-label={t("chart.tools")}>
      <AxisSelect known={known} value={workspace.axis} onChange={(axis) => set({ axis })} />
      <SmoothingRange value={workspace.smoothing} kind={workspace.smoothingKind} onChange={(smoothing) => set({ smoothing })} />
      <select
        className="select"
        aria-label={t("smoothing.label")}
        value={workspace.smoothingKind}
        onChange={(event) => set({ smoothingKind: event.target.value as Smoothing })}
      >
        {SMOOTHINGS.map((kind) => (
          <option key={kind} value={kind}>
            {t(SMOOTHING_WORDS[kind])}
          </option>
        ))}
      </select>
      <label className="check">
        <input type="checkbox" checked={workspace.logarithmic} onChange={(event) => set({ logarithmic: event.target.checked })} />
        {t("chart.log")}
      </label>
      <label className="check">
        <input type="checkbox" checked={workspace.trim} onChange={(event) => set({ trim: event.target.checked })} />
        {t("chart.trim")}
      </label>
      <span className="control">
        <span aria-hidden="true">{t("group.label")}</span>
        <KeySelect
          known={known}
          of="any"
          label={t("group.label")}
          value={workspace.group ?? ""}
          empty={t("chart.noGroups")}
          reductions={false}
          onChange={(id) => set({ group: id || null })}
        />
      </span>
      {workspace.group ? (
        <select className="select" aria-label={t("band.label")} value={workspace.band} onChange={(event) => set({ band: event.target.value as Band })}>
          {BANDS.map((band) => (
            <option key={band} value={band}>
              {t(BAND_WORDS[band])}
            </option>
          ))}
        </select>
      ) : null}
      <input
        type="search"
        className="panel-search"
        aria-label={t("chart.find")}
        placeholder={t("chart.find")}
        value={workspace.find}
        onChange={(event) => set({ find: event.target.value })}
      />
      {onAdd ? (
        <button type="button" className="button" onClick={onAdd}>
          <Icon name="plus" />
          {t("panel.add")}
        </button>
      ) : null}
    </div>
  );
}
