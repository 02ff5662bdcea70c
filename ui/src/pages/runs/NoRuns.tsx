import { useWords } from "../../i18n/language";
import { Empty } from "../../parts/Empty";
import { Snippets } from "../../parts/Snippets";
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

/** A filter that no run meets. */
export function NoMatch({ filter, onClear }: { filter: string; onClear: () => void }) {
  const { t } = useWords();
  return (
    <Empty icon="filter" title={t("filter.noMatch")}>
      <p>
        <code>{filter}</code>
      </p>
      <button type="button" className="button" onClick={onClear}>
        {t("filter.clear")}
      </button>
    </Empty>
  );
}
