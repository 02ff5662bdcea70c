import { useState } from "react";
import type { ExperimentColumns } from "../../api/types";
import { RULES, type FieldRule, type Fields, type PanelKind, type PanelSpec } from "../../data/panels";
import type { Tweak, Workspace } from "../../data/workspace";
import { nextIdOf, withPanel, withTweak } from "../../data/workspace";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { Icon } from "../../parts/Icon";
import { AxisSelect, SmoothingRange } from "./controls";
import { KeySelect } from "./KeySelect";
import type { ChangeWorkspace } from "./useWorkspace";
import { dimensionName, FIELD_WORDS, KIND_HELP, KIND_WORDS, OPTION_WORDS } from "./words";

const KINDS = Object.keys(RULES) as PanelKind[];

interface SettingsProps {
  /** Null for a new panel. */
  spec: PanelSpec | null;
  known: ExperimentColumns;
  workspace: Workspace;
  change: ChangeWorkspace;
  onClose: () => void;
}

/** What a panel shows; for a new one, of which kind it is. */
export function PanelSettings({ spec, known, workspace, change, onClose }: SettingsProps) {
  const { t } = useWords();
  const [kind, setKind] = useState<PanelKind | null>(spec?.kind ?? null);
  const [id] = useState(() => spec?.id ?? nextIdOf(workspace));
  const current = workspace.panels.find((panel) => panel.id === id) ?? spec;
  const fields = current?.kind === kind ? (current?.fields ?? {}) : {};
  const set = (name: string, values: readonly string[]) => {
    if (!kind) return;
    const next: Fields = { ...fields, [name]: values };
    change((now) => withPanel(now, { id, kind, fields: next }));
  };
  const choose = (next: PanelKind) => {
    setKind(next);
    change((now) => withPanel(now, { id, kind: next, fields: next === "lines" ? firstMetric(known) : {} }));
  };
  if (!kind) {
    return (
      <Drawer title={t("panel.add")} onClose={onClose}>
        <ul className="kinds">
          {KINDS.map((one) => (
            <li key={one}>
              <button type="button" onClick={() => choose(one)}>
                <strong>{t(KIND_WORDS[one])}</strong>
                <span className="muted">{t(KIND_HELP[one])}</span>
              </button>
            </li>
          ))}
        </ul>
      </Drawer>
    );
  }
  return (
    <Drawer title={t(KIND_WORDS[kind])} onClose={onClose}>
      <p className="muted">{t(KIND_HELP[kind])}</p>
      <div className="settings">
        {RULES[kind].map((rule) => (
          <Field key={rule.name} rule={rule} known={known} values={fields[rule.name] ?? []} onChange={(values) => set(rule.name, values)} />
        ))}
        {kind === "lines" ? (
          <LineTweak known={known} workspace={workspace} tweak={workspace.tweaks[id] ?? {}} onChange={(next) => change((now) => withTweak(now, id, next))} />
        ) : null}
      </div>
      <button type="button" className="button settings-done" onClick={onClose}>
        {t("panel.done")}
      </button>
    </Drawer>
  );
}

const firstMetric = (known: ExperimentColumns): Fields => ({ metric: known.metrics?.[0] ? [`m.${known.metrics[0].key}`] : [] });

interface FieldProps {
  rule: FieldRule;
  known: ExperimentColumns;
  values: readonly string[];
  onChange: (values: readonly string[]) => void;
}

function Field({ rule, known, values, onChange }: FieldProps) {
  const { t } = useWords();
  const label = t(FIELD_WORDS[rule.name]);
  if (rule.of === "file") return null;
  if (rule.of !== "metric" && rule.of !== "any") {
    return (
      <label className="setting">
        <span>{label}</span>
        <select className="select" value={values[0] ?? rule.of[0]} onChange={(event) => onChange([event.target.value])}>
          {rule.of.map((option) => (
            <option key={option} value={option}>
              {t(OPTION_WORDS[option] ?? "option.none")}
            </option>
          ))}
        </select>
      </label>
    );
  }
  if (rule.many) return <ManyKeys label={label} known={known} values={values} onChange={onChange} />;
  const none = rule.optional && values[0] === "" ? "-" : (values[0] ?? "");
  return (
    <div className="setting">
      <span>{label}</span>
      <span className="setting-row">
        <KeySelect known={known} of={rule.of} label={label} value={none === "-" ? "" : none} empty={none === "-" ? t("option.none") : t("field.auto")} onChange={(id) => onChange(id ? [id] : [])} />
        {rule.optional ? (
          <button type="button" className="icon-button" aria-label={t("field.clear", { name: label })} title={t("option.none")} onClick={() => onChange([""])}>
            <Icon name="close" />
          </button>
        ) : null}
      </span>
    </div>
  );
}

function ManyKeys({ label, known, values, onChange }: { label: string; known: ExperimentColumns; values: readonly string[]; onChange: (values: readonly string[]) => void }) {
  const { t } = useWords();
  return (
    <fieldset className="setting">
      <legend>{label}</legend>
      {values.length === 0 ? <p className="muted">{t("field.auto")}</p> : null}
      <ol className="many">
        {values.map((id, index) => (
          <li key={id}>
            <span>{dimensionName(id, t)}</span>
            <button type="button" className="icon-button" aria-label={t("field.up", { name: dimensionName(id, t) })} disabled={index === 0} onClick={() => onChange(values.toSpliced(index, 1).toSpliced(index - 1, 0, id))}>
              <Icon name="up" />
            </button>
            <button type="button" className="icon-button" aria-label={t("field.clear", { name: dimensionName(id, t) })} onClick={() => onChange(values.filter((other) => other !== id))}>
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ol>
      <KeySelect known={known} of="any" label={t("field.add", { name: label })} value="" empty={t("field.add", { name: label })} onChange={(id) => (id && !values.includes(id) ? onChange([...values, id]) : undefined)} />
    </fieldset>
  );
}

interface LineTweakProps {
  known: ExperimentColumns;
  workspace: Workspace;
  tweak: Tweak;
  onChange: (tweak: { [Name in keyof Tweak]?: Tweak[Name] | undefined }) => void;
}

/** What a line panel may have for itself instead of what holds for all. */
function LineTweak({ known, workspace, tweak, onChange }: LineTweakProps) {
  const { t } = useWords();
  return (
    <fieldset className="setting">
      <legend>{t("panel.own")}</legend>
      <AxisSelect known={known} value={tweak.axis ?? workspace.axis} onChange={(axis) => onChange({ axis: axis === workspace.axis ? undefined : axis })} />
      <SmoothingRange value={tweak.smoothing ?? workspace.smoothing} kind={workspace.smoothingKind} onChange={(smoothing) => onChange({ smoothing: smoothing === workspace.smoothing ? undefined : smoothing })} />
      <label className="check">
        <input type="checkbox" checked={tweak.log ?? workspace.logarithmic} onChange={(event) => onChange({ log: event.target.checked === workspace.logarithmic ? undefined : event.target.checked })} />
        {t("chart.log")}
      </label>
      <label className="check">
        <input type="checkbox" checked={tweak.trim ?? workspace.trim} onChange={(event) => onChange({ trim: event.target.checked === workspace.trim ? undefined : event.target.checked })} />
        {t("chart.trim")}
      </label>
    </fieldset>
  );
}
