import { useId, useRef, useState, type KeyboardEvent, type ReactNode, type RefObject } from "react";
import type { Suggestion } from "../data/filtertext";
import { useWords, type MessageKey } from "../i18n/language";
import { Completions } from "./Completions";
import { expectedWord } from "./faultWords";
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
  /** What the field is for; runs where it is left out. */
  label?: string;
  placeholder: string;
  fault: FilterFault | null;
  busy: boolean;
  field: RefObject<HTMLInputElement | null>;
  completions: readonly Suggestion[];
  /** How many have a key or value, in words; runs where it is left out. */
  counted?: MessageKey;
  /** Said below the list: how much the filter finds. */
  result: ReactNode;
  onChange: (value: string, caret: number) => void;
  /** The caret moved without a change of the text. */
  onCaret: (caret: number) => void;
  onComplete: (completion: Suggestion) => void;
  onCommit: () => void;
  /** Escape: where the focus goes on to. */
  onLeave: () => void;
  /** Shows what the language can say. */
  onHelp?: () => void;
}

/** One line of filter text with what may be typed next; a fault is underlined where it is and said in words. */
export function FilterBar(props: FilterBarProps) {
  const { value, placeholder, fault, busy, field, completions, result, onChange, onCaret, onCommit, onLeave } = props;
  const { t } = useWords();
  const list = useId();
  const mirror = useRef<HTMLDivElement>(null);
  const composing = useRef(false);
  const [draft, setDraft] = useState<string | null>(null);
  const [focused, setFocused] = useState(false);
  const [closed, setClosed] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const text = draft ?? value;
  const open = focused && !closed && draft === null && (completions.length > 0 || fault !== null || (text !== "" && Boolean(result)));
  // An unfinished text is no fault while it is being written.
  const loud = fault !== null && (!focused || (fault.position ?? 0) < text.trimEnd().length);

  const follow = () => {
    if (mirror.current && field.current) mirror.current.scrollLeft = field.current.scrollLeft;
  };
  const take = (completion: Suggestion) => {
    setChosen(-1);
    field.current?.focus();
    props.onComplete(completion);
  };
  const caret = () => {
    const now = field.current?.selectionStart;
    if (now !== null && now !== undefined && !composing.current) onCaret(now);
  };
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.nativeEvent.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const completion = completions[chosen];
    if (step && completions.length) {
      event.preventDefault();
      setClosed(false);
      const places = completions.length + 1;
      setChosen(((chosen + 1 + step + places) % places) - 1);
      return;
    }
    if ((event.key === "Enter" || event.key === "Tab") && open && completion) {
      event.preventDefault();
      take(completion);
    } else if (event.key === "Tab" && open && !event.shiftKey && completions[0] && text !== "") {
      event.preventDefault();
      take(completions[0]);
    } else if (event.key === "Enter") {
      onCommit();
      setClosed(true);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (open && completions.length) {
        setClosed(true);
        return;
      }
      event.currentTarget.blur();
      onLeave();
    }
  };
  return (
    <div className="filter">
      <div className={loud ? "filter-box filter-faulty" : "filter-box"}>
        <Icon name="filter" />
        <div className="filter-text">
          {loud ? <Mirror text={text} position={fault.position} element={mirror} /> : null}
          <input
            ref={field}
            type="text"
            role="combobox"
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            aria-label={props.label ?? t("filter.label")}
            aria-invalid={loud}
            aria-describedby={fault ? "filter-fault" : undefined}
            aria-autocomplete="list"
            aria-expanded={open && completions.length > 0}
            aria-controls={open && completions.length > 0 ? `${list}-list` : undefined}
            aria-activedescendant={open && completions[chosen] ? `${list}-${chosen}` : undefined}
            placeholder={placeholder}
            value={text}
            onScroll={follow}
            onKeyDown={keys}
            onFocus={() => {
              setFocused(true);
              setClosed(false);
              requestAnimationFrame(caret);
            }}
            onBlur={() => {
              setFocused(false);
              setChosen(-1);
              onCommit();
            }}
            onClick={() => {
              setClosed(false);
              caret();
            }}
            onKeyUp={(event) => {
              if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) caret();
            }}
            onCompositionStart={() => (composing.current = true)}
            onCompositionEnd={(event) => {
              composing.current = false;
              setDraft(null);
              onChange(event.currentTarget.value, event.currentTarget.selectionStart ?? 0);
            }}
            onChange={(event) => {
              setClosed(false);
              setChosen(-1);
              if (composing.current) setDraft(event.target.value);
              else onChange(event.target.value, event.target.selectionStart ?? event.target.value.length);
              follow();
            }}
          />
        </div>
        {busy ? <span className="spinner" aria-hidden="true" /> : null}
        {text ? (
          <button type="button" className="icon-button" aria-label={t("filter.clear")} onClick={() => onChange("", 0)}>
            <Icon name="close" />
          </button>
        ) : (
          <kbd aria-hidden="true">/</kbd>
        )}
        {props.onHelp ? (
          <button type="button" className="icon-button" aria-label={t("syntax.title")} title={t("syntax.title")} onClick={props.onHelp}>
            <Icon name="help" />
          </button>
        ) : null}
      </div>
      <div className="filter-pop" hidden={!open}>
        {open ? (
          <>
            <Completions id={list} completions={completions} chosen={chosen} counted={props.counted ?? "completion.runs"} onTake={take} />
            {fault || result ? (
              <div className="filter-pop-foot">{fault ? <FaultText fault={fault} loud={loud} /> : result}</div>
            ) : null}
          </>
        ) : null}
      </div>
      {fault && !open ? <FaultText fault={fault} loud={loud} /> : null}
    </div>
  );
}

function FaultText({ fault, loud }: { fault: FilterFault; loud: boolean }) {
  const { t } = useWords();
  const known = fault.expected ? expectedWord(fault.expected) : null;
  return (
    <p className={loud ? "filter-fault" : "filter-fault filter-fault-soft"} id="filter-fault" role="status">
      <Icon name={loud ? "warning" : "edit"} />
      <span>
        {known
          ? t("fault.expected", { what: t(known) })
          : fault.expected
            ? t("filter.expected", { message: fault.message, expected: fault.expected })
            : fault.message}
        {fault.position === undefined || !loud ? null : (
          <span className="muted"> · {t("filter.position", { n: fault.position + 1 })}</span>
        )}
      </span>
    </p>
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
