import { useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { useWords } from "../i18n/language";
import { Icon } from "./Icon";

export interface FilterFault {
  message: string;
  /** What should have stood there, in the server's words. */
  expected?: string;
  /** Index of the first character that could not be read; absent when the fault has no place. */
  position?: number;
}

interface FilterBarProps {
  value: string;
  placeholder: string;
  fault: FilterFault | null;
  busy: boolean;
  field: RefObject<HTMLInputElement | null>;
  onChange: (value: string) => void;
  onCommit: () => void;
  /** Escape: where the focus goes on to. */
  onLeave: () => void;
}

/** One line of filter text; a fault is underlined where it is and said in words below. */
export function FilterBar({ value, placeholder, fault, busy, field, onChange, onCommit, onLeave }: FilterBarProps) {
  const { t } = useWords();
  const mirror = useRef<HTMLDivElement>(null);
  const composing = useRef(false);
  const [draft, setDraft] = useState<string | null>(null);
  const text = draft ?? value;

  const follow = () => {
    if (mirror.current && field.current) mirror.current.scrollLeft = field.current.scrollLeft;
  };
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") onCommit();
    if (event.key === "Escape") {
      event.currentTarget.blur();
      onLeave();
    }
  };
  return (
    <div className="filter">
      <div className={fault ? "filter-box filter-faulty" : "filter-box"}>
        <Icon name="filter" />
        <div className="filter-text">
          {fault ? <Mirror text={text} position={fault.position} element={mirror} /> : null}
          <input
            ref={field}
            type="text"
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            aria-label={t("filter.label")}
            aria-invalid={fault !== null}
            aria-describedby={fault ? "filter-fault" : undefined}
            placeholder={placeholder}
            value={text}
            onScroll={follow}
            onKeyDown={keys}
            onBlur={onCommit}
            onCompositionStart={() => (composing.current = true)}
            onCompositionEnd={(event) => {
              composing.current = false;
              setDraft(null);
              onChange(event.currentTarget.value);
            }}
            onChange={(event) => {
              if (composing.current) setDraft(event.target.value);
              else onChange(event.target.value);
              follow();
            }}
          />
        </div>
        {busy ? <span className="spinner" aria-hidden="true" /> : null}
        {text ? (
          <button type="button" className="icon-button" aria-label={t("filter.clear")} onClick={() => onChange("")}>
            <Icon name="close" />
          </button>
        ) : (
          <kbd aria-hidden="true">/</kbd>
        )}
      </div>
      {fault ? (
        <p className="filter-fault" id="filter-fault" role="status">
          <Icon name="warning" />
          <span>
            {fault.expected
              ? t("filter.expected", { message: fault.message, expected: fault.expected })
              : fault.message}
            {fault.position === undefined ? null : (
              <span className="muted"> · {t("filter.position", { n: fault.position + 1 })}</span>
            )}
          </span>
        </p>
      ) : null}
    </div>
  );
}

/** The same text behind the field, invisible but for the underline of the fault. */
function Mirror(props: { text: string; position: number | undefined; element: RefObject<HTMLDivElement | null> }) {
  const { text, position } = props;
  if (position === undefined) return null;
  const rest = text.slice(position);
  const length = Math.max(1, rest.match(/^(?:[\w.`"']+|\S)/)?.[0].length ?? 1);
  return (
    <div className="filter-mirror" ref={props.element} aria-hidden="true">
      {text.slice(0, position)}
      <u>{rest.slice(0, length) || " "}</u>
      {rest.slice(length)}
    </div>
  );
}
