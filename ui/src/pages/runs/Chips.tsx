import { withoutTerm, type Term } from "../../data/filtertext";
import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";

interface ChipsProps {
  terms: readonly Term[];
  onChange: (filter: string) => void;
  /** Selects a term in the field. */
  onEdit: (term: Term) => void;
}

/** The filter's conditions one by one: a click edits, the cross removes. */
export function Chips({ terms, onChange, onEdit }: ChipsProps) {
  const { t } = useWords();
  if (terms.length === 0) return null;
  return (
    <ul className="chips" aria-label={t("filter.terms")}>
      {terms.map((term, index) => (
        <li key={`${term.start}`} className="chip">
          <button type="button" className="chip-text" title={t("filter.edit")} onClick={() => onEdit(term)}>
            {term.text}
          </button>
          <button
            type="button"
            className="chip-remove"
            aria-label={t("filter.remove", { term: term.text })}
            onClick={() => onChange(withoutTerm(terms, index))}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
