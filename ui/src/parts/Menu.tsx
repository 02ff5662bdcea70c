import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

export interface Choice<T extends string> {
  value: T;
  label: string;
  icon?: IconName;
  /** The language the label is written in, where it is not the page's. */
  lang?: string;
}

interface MenuProps<T extends string> {
  label: string;
  icon: IconName;
  choices: readonly Choice<T>[];
  selected: T;
  onSelect: (value: T) => void;
}

/** A button that opens a list of which one is chosen. */
export function Menu<T extends string>({ label, icon, choices, selected, onSelect }: MenuProps<T>) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    root.current?.querySelector<HTMLElement>("[aria-checked=true]")?.focus();
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const close = () => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };
  const keys = (event: KeyboardEvent) => {
    if (!open) return;
    if (event.key === "Escape") close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitemradio]") ?? [])];
    const index = items.indexOf(document.activeElement as HTMLElement);
    items[(index + step + items.length) % items.length]?.focus();
  };

  return (
    <div className="menu" ref={root} onKeyDown={keys} role="presentation">
      <button
        type="button"
        className="icon-button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        <Icon name={icon} />
      </button>
      {open ? (
        <div className="menu-list" role="menu" id={id} aria-label={label}>
          {choices.map((choice) => (
            <button
              type="button"
              role="menuitemradio"
              key={choice.value}
              lang={choice.lang}
              aria-checked={choice.value === selected}
              onClick={() => {
                onSelect(choice.value);
                close();
              }}
            >
              {choice.icon ? <Icon name={choice.icon} /> : null}
              <span>{choice.label}</span>
              {choice.value === selected ? <Icon name="check" /> : null}
            </button>
          ))}
        </div>
      ) : null}
    </div>
  );
}
