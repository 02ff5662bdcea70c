import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";
import { takenNameQuery } from "../queries";

export interface ExperimentDraft {
  name: string;
  note: string;
  metric: string;
  rising: boolean;
}

interface FormProps {
  title: string;
  action: string;
  /** The name of the experiment that is renamed; empty for a new one, which has more to fill in. */
  before: string;
  onClose: () => void;
  onSave: (draft: ExperimentDraft) => void;
}

/** Asks for a name, and for a new experiment also for a description and the goal metric. */
export function ExperimentForm({ title, action, before, onClose, onSave }: FormProps) {
  const { t } = useWords();
  const [draft, setDraft] = useState<ExperimentDraft>({ name: before, note: "", metric: "", rising: true });
  const name = draft.name.trim();
  const taken = useQuery({ ...takenNameQuery(name), enabled: name !== "" && name !== before });
  const clash = name !== before && taken.data === true;
  const put = (change: Partial<ExperimentDraft>) => setDraft({ ...draft, ...change });
  return (
    <Drawer title={title} place="middle" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name && !clash) onSave({ ...draft, name });
        }}
      >
        <label>
          {t("column.name")}
          <input
            type="text"
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- a dialog's first field has the focus
            autoFocus
            value={draft.name}
            maxLength={500}
            placeholder="vision/resnet"
            aria-invalid={clash}
            aria-describedby={clash ? "name-taken" : undefined}
            onChange={(event) => put({ name: event.target.value })}
          />
        </label>
        {clash ? (
          <p className="form-fault" id="name-taken" role="status">
            {t("experiments.taken")}
          </p>
        ) : null}
        {before ? null : (
          <>
            <label>
              {t("experiments.note")}
              <textarea rows={3} value={draft.note} onChange={(event) => put({ note: event.target.value })} />
            </label>
            <label>
              {t("experiments.goal")}
              <input
                type="text"
                value={draft.metric}
                maxLength={250}
                placeholder="val/acc"
                onChange={(event) => put({ metric: event.target.value })}
              />
            </label>
            <label className="check">
              <input type="checkbox" checked={draft.rising} onChange={(event) => put({ rising: event.target.checked })} />
              {t("experiments.rising")}
            </label>
          </>
        )}
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" className="button button-strong" disabled={!name || clash || name === before}>
            {action}
          </button>
        </div>
      </form>
    </Drawer>
  );
}
