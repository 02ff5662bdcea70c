import { useState } from "react";
import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";

interface RenameDialogProps {
  count: number;
  onClose: () => void;
  onRename: (template: string) => void;
}

/** Names the selected runs by a template. */
export function RenameDialog({ count, onClose, onRename }: RenameDialogProps) {
  const { t } = useWords();
  const [template, setTemplate] = useState("{name}-{n}");
  const wanted = template.trim();
  return (
    <Drawer title={t("bulk.renameTitle", { n: count })} place="middle" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted) onRename(wanted);
        }}
      >
        <label>
          {t("rename.template")}
          <input data-first="" type="text" value={template} onChange={(event) => setTemplate(event.target.value)} />
        </label>
        <p className="muted">
          {t("rename.help")} <code>{"{name} {n} {run_id} {params.lr} {metrics.loss} {tags.team}"}</code>
        </p>
        <div className="form-end">
          <button type="submit" className="button button-strong" disabled={!wanted}>
            {t("bulk.rename")}
          </button>
        </div>
      </form>
    </Drawer>
  );
}
