import { useSyncExternalStore } from "react";
import { toasts } from "../data/toasts";
import { useWords } from "../i18n/language";
import { Icon } from "./Icon";

/** What was done, said for some seconds, with the way back where there is one. */
export function Toasts() {
  const { t } = useWords();
  const shown = useSyncExternalStore(toasts.subscribe, toasts.get);
  return (
    <div className="toasts" role="status">
      {shown.map((toast) => (
        <div key={toast.id} className={`toast toast-${toast.tone}`}>
          {toast.tone === "bad" ? <Icon name="warning" /> : null}
          <span>{toast.text}</span>
          {toast.action ? (
            <button
              type="button"
              className="toast-action"
              onClick={() => {
                toasts.close(toast.id);
                toast.action?.run();
              }}
            >
              {toast.action.label}
            </button>
          ) : null}
          <button type="button" className="toast-close" aria-label={t("close")} onClick={() => toasts.close(toast.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
