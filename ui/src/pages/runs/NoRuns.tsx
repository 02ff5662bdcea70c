import { useQueries } from "@tanstack/react-query";
import { withoutTerm, type Term } from "../../data/filtertext";
import { useWords } from "../../i18n/language";
import { Empty } from "../../parts/Empty";
import { Snippets } from "../../parts/Snippets";
import { matchCountQuery } from "../queries";
import { loggingSnippets } from "../snippets";

/** An experiment without runs: the code that makes the first one. */
export function NoRuns({ experiment }: { experiment: string }) {
  const { t } = useWords();
  return (
    <Empty icon="experiments" title={t("empty.runs.title")}>
      <p>{t("empty.runs.help")}</p>
      <Snippets snippets={loggingSnippets(experiment)} />
    </Empty>
  );
}

/** Nothing in the trash. */
export function EmptyTrash({ onBack }: { onBack: () => void }) {
  const { t } = useWords();
  return (
    <Empty icon="trash" title={t("trash.empty")}>
      <p>{t("trash.help")}</p>
      <button type="button" className="button" onClick={onBack}>
        {t("state.active")}
      </button>
    </Empty>
  );
}

/** A filter that cannot be read, where no earlier result is there to stay; the filter bar says what is wrong. */
export function Unread({ onClear }: { onClear: () => void }) {
  const { t } = useWords();
  return (
    <Empty icon="filter" title={t("filter.unread")}>
      <button type="button" className="button" onClick={onClear}>
        {t("filter.clear")}
      </button>
    </Empty>
  );
}

const MAX_TERMS = 6;

interface NoMatchProps {
  experimentId: string;
  filter: string;
  terms: readonly Term[];
  onChange: (filter: string) => void;
}

/** A filter that no run meets: how many each of its conditions keeps out. */
export function NoMatch({ experimentId, filter, terms, onChange }: NoMatchProps) {
  const { t } = useWords();
  const some = terms.length > 1 ? terms.slice(0, MAX_TERMS) : [];
  const counts = useQueries({
    queries: some.map((_, index) => matchCountQuery(experimentId, withoutTerm(terms, index))),
  });
  const found = some
    .map((term, index) => ({ term, filter: withoutTerm(terms, index), runs: counts[index]?.data ?? 0 }))
    .filter((one) => one.runs > 0)
    .toSorted((a, b) => b.runs - a.runs);
  return (
    <Empty icon="filter" title={t("filter.noMatch")}>
      <p>
        <code>{filter}</code>
      </p>
      {found.length ? (
        <ul className="no-match">
          {found.map((one) => (
            <li key={one.term.start}>
              <button type="button" className="button" onClick={() => onChange(one.filter)}>
                {t("filter.without", { term: one.term.text, n: one.runs })}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <button type="button" className="button" onClick={() => onChange("")}>
        {t("filter.clear")}
      </button>
    </Empty>
  );
}
