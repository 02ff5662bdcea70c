import type { ReactNode } from "react";
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

/** Grey lines where text will be. */
export function Skeleton({ lines }: { lines: number }) {
  return (
    <div className="skeleton-block" aria-hidden="true">
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className={`skeleton skeleton-${line % 4}`} />
      ))}
    </div>
  );
}
