import { useId, useMemo, useState, type KeyboardEvent } from "react";
import { useWords } from "../i18n/language";
import { Icon } from "./Icon";
import type { IconName } from "./icons";

export interface Option {
  id: string;
  label: string;
  icon?: IconName;
  /** In grey at the end. */
  detail?: string;
}

interface PickerProps {
  label: string;
  options: readonly Option[];
  onPick: (id: string) => void;
  /** Called with what is typed, where the options depend on it. */
  onSearch?: (text: string) => void;
}

const MAX_SHOWN = 60;

/** A field that narrows a list down, and the list; arrows move in it, Enter takes. */
export function Picker({ label, options, onPick, onSearch }: PickerProps) {
  const { t } = useWords();
  const list = useId();
  const [search, setSearch] = useState("");
  const [at, setAt] = useState(0);
  const shown = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    const found = onSearch ? options : options.filter((option) => option.label.toLowerCase().includes(wanted));
    return found.slice(0, MAX_SHOWN);
  }, [options, search, onSearch]);
  const active = Math.min(at, shown.length - 1);

  const keys = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const option = shown[active];
    if (step && shown.length) {
      const next = (active + step + shown.length) % shown.length;
      setAt(next);
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && option) onPick(option.id);
    else return;
    event.preventDefault();
  };
  return (
    <div className="picker">
      <label className="field">
        <Icon name="search" />
        <span className="hidden-text">{label}</span>
        <input
          data-first=""
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- whoever opens a list to choose from goes on typing
          autoFocus
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={shown.length ? `${list}-${active}` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder={label}
          value={search}
          onKeyDown={keys}
          onChange={(event) => {
            setSearch(event.target.value);
            setAt(0);
            onSearch?.(event.target.value);
          }}
        />
      </label>
      <div className="picker-list" role="listbox" id={list} aria-label={label} tabIndex={-1}>
        {shown.map((option, index) => (
          <div
            key={option.id}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === active}
            tabIndex={-1}
            onPointerMove={() => setAt(index)}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onPick(option.id)}
            onKeyDown={() => {}}
          >
            {option.icon ? <Icon name={option.icon} /> : null}
            <span className="menu-label">{option.label}</span>
            {option.detail ? <span className="menu-detail">{option.detail}</span> : null}
          </div>
        ))}
      </div>
      {shown.length === 0 ? <p className="picker-none">{t("picker.none")}</p> : null}
    </div>
  );
}
