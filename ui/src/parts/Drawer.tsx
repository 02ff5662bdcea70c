import { useEffect, useRef, type ReactNode } from "react";
import { useWords } from "../i18n/language";
import { Icon } from "./Icon";

interface DrawerProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** "side": along the right edge; "middle": a sheet in the middle; "top": one at the top, without a title that is seen. */
  place?: "side" | "middle" | "top";
}

/** A modal panel; Escape, the cross and a click beside it close it. */
export function Drawer({ title, onClose, children, place = "side" }: DrawerProps) {
  const { t } = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    element.showModal();
    element.querySelector<HTMLElement>("[data-first]")?.focus();
    const beside = (event: MouseEvent) => {
      if (event.target === element) element.close();
    };
    element.addEventListener("click", beside);
    return () => {
      element.removeEventListener("click", beside);
      element.close();
    };
  }, []);
  return (
    <dialog ref={dialog} className={`drawer drawer-${place}`} aria-label={title} onClose={onClose}>
      <div className="drawer-inside">
        <div className={place === "top" ? "drawer-head hidden-text" : "drawer-head"}>
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
