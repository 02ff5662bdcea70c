import { useState } from "react";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";

export interface RunDraft {
  name: string;
  note: string;
}

interface RunFormProps {
  before: RunDraft;
  onClose: () => void;
  onSave: (draft: RunDraft) => void;
}

/** Asks for a run's name and description. */
export function RunForm({ before, onClose, onSave }: RunFormProps) {
  const { t } = useWords();
  const [draft, setDraft] = useState(before);
  const name = draft.name.trim();
  return (
    <Drawer title={t("run.edit")} place="middle" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name) onSave({ name, note: draft.note.trim() });
        }}
      >
        <label>
          {t("column.name")}
          <input
            type="text"
            data-first
            maxLength={250}
            value={draft.name}
            onChange={(event) => setDraft({ ...draft, name: event.target.value })}
          />
        </label>
        <label>
          {t("run.note")}
          <textarea rows={8} value={draft.note} onChange={(event) => setDraft({ ...draft, note: event.target.value })} />
        </label>
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" className="button button-strong" disabled={!name}>
            {t("models.save")}
          </button>
        </div>
      </form>
    </Drawer>
  );
}
