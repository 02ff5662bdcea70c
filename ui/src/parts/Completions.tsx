import type { Suggestion } from "../data/filtertext";
import { useWords, type MessageKey } from "../i18n/language";

const KINDS: Record<Suggestion["kind"], MessageKey> = {
  prefix: "completion.prefix",
  key: "completion.key",
  summary: "completion.summary",
  operator: "completion.operator",
  value: "completion.value",
  keyword: "completion.keyword",
  recent: "completion.recent",
};

interface CompletionsProps {
  /** Prefix of element ids. */
  id: string;
  completions: readonly Suggestion[];
  chosen: number;
  /** How many have a key or value, in words. */
  counted: MessageKey;
  onTake: (completion: Suggestion) => void;
}

/** What may be typed at the caret. */
export function Completions({ id, completions, chosen, counted, onTake }: CompletionsProps) {
  const { t } = useWords();
  if (completions.length === 0) return null;
  return (
    <div className="completions" role="listbox" id={`${id}-list`} aria-label={t("filter.completions")} tabIndex={-1}>
      {completions.map((completion, index) => (
        <div
          key={`${completion.kind} ${completion.text}`}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === chosen}
          tabIndex={-1}
          ref={index === chosen ? reveal : undefined}
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onTake(completion)}
          onKeyDown={() => {}}
        >
          <code>{completion.text}</code>
          <span className="completion-kind">{t(KINDS[completion.kind])}</span>
          <span className="completion-detail">
            {/^\d+$/.test(completion.detail ?? "") && completion.detail !== "0"
              ? t(counted, { n: Number(completion.detail) })
              : completion.detail === "0"
                ? ""
                : completion.detail}
          </span>
        </div>
      ))}
    </div>
  );
}

function reveal(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
