import { useState } from "react";
import type { KeyValue } from "../../api/types";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";

interface TagDialogProps {
  count: number;
  onClose: () => void;
  onTag: (tags: KeyValue[], deleteTags: string[]) => void;
}

/** Sets a tag on the selected runs, or removes one. */
export function TagDialog({ count, onClose, onTag }: TagDialogProps) {
  const { t } = useWords();
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const name = key.trim();
  return (
    <Drawer title={t("bulk.tagTitle", { n: count })} place="middle" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (name) onTag([{ key: name, value }], []);
        }}
      >
        <label>
          {t("tag.key")}
          {/* oxlint-disable-next-line jsx-a11y/no-autofocus -- a dialog's first field has the focus */}
          <input type="text" autoFocus value={key} maxLength={250} onChange={(event) => setKey(event.target.value)} />
        </label>
        <label>
          {t("tag.value")}
          <input type="text" value={value} maxLength={8000} onChange={(event) => setValue(event.target.value)} />
        </label>
        <div className="form-end">
          <button type="button" className="button" disabled={!name} onClick={() => onTag([], [name])}>
            {t("tag.remove")}
          </button>
          <button type="submit" className="button button-strong" disabled={!name}>
            {t("tag.set")}
          </button>
        </div>
      </form>
    </Drawer>
  );
}
