import { useWords } from "../../i18n/language";
import { Drawer } from "../../parts/Drawer";

interface DeleteDialogProps {
  title: string;
  /** What is lost with it, and what stays. */
  text: string;
  onClose: () => void;
  onDelete: () => void;
}

/** Asks before something goes that cannot be brought back. */
export function DeleteDialog({ title, text, onClose, onDelete }: DeleteDialogProps) {
  const { t } = useWords();
  return (
    <Drawer title={title} place="middle" onClose={onClose}>
      <p>{text}</p>
      <div className="form-end">
        <button type="button" className="button" data-first onClick={onClose}>
          {t("cancel")}
        </button>
        <button type="button" className="button tone-bad" onClick={onDelete}>
          {t("bulk.delete")}
        </button>
      </div>
    </Drawer>
  );
}
