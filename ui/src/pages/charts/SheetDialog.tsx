import { useEffect, useRef, type ReactNode } from "react";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";

/** Something over the whole page; Escape and the cross close it. */
export function SheetDialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const { t } = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} className="sheet" aria-label={title} onClose={onClose}>
      <div className="sheet-inside">
        <div className="drawer-head">
          <h2>{title}</h2>
          <button type="button" className="icon-button" aria-label={t("close")} onClick={() => dialog.current?.close()}>
            <Icon name="close" />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
