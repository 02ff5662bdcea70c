import { ICONS, type IconName } from "./icons";

export type { IconName } from "./icons";

/** A small picture beside words; it says nothing to screen readers. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

/** The mark: a ball of thread. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="14.5" cy="15" r="10.8" />
      <path d="M5.2 10.4c5-3.2 12.3-2.8 17.8 1.4M3.9 15.9c5.6-4.2 14.2-4 20.7.6M6.2 21.8c4.6-3.7 10.9-3.9 16.2-.6M18.5 25c3.2 2.9 7.2 3.8 11 1.9" />
    </svg>
  );
}
