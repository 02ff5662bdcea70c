import { useSyncExternalStore, type ReactNode } from "react";
import { live } from "../data/live";
import { useWords } from "../i18n/language";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

/** Says why a place is empty and what fills it. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <div className="empty-head">
        <Icon name={icon} />
        <h2>{title}</h2>
      </div>
      {children}
    </div>
  );
}

/** From this many lines on, a skeleton stands for most of a page. */
const PAGE_LINES = 6;

/** Grey lines where text will be; while the server is away, a message in their place. */
export function Skeleton({ lines }: { lines: number }) {
  const { t } = useWords();
  const away = useSyncExternalStore(live.subscribe, live.get) === "reconnecting";
  if (away && lines >= PAGE_LINES) {
    return (
      <Empty icon="warning" title={t("error.unreachable")}>
        <p>{t("error.waiting")}</p>
      </Empty>
    );
  }
  return (
    <div className="skeleton-block" aria-hidden="true">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className={`skeleton skeleton-${line % 4}`} />
      ))}
    </div>
  );
}
