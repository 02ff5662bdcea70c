import { useId, type ReactNode } from "react";
import { formatCount } from "../../data/format";
import { useWords } from "../../i18n/language";

interface PanelProps {
  title: string;
  count?: number;
  tools?: ReactNode;
  search?: string;
  onSearch?: (text: string) => void;
  children: ReactNode;
}

/** A titled box of the run page. */
export function Panel({ title, count, tools, search, onSearch, children }: PanelProps) {
  const { t, language } = useWords();
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        {count === undefined ? null : <span className="count">{formatCount(count, language)}</span>}
        <span className="panel-space" />
        {onSearch ? (
          <input
            type="search"
            className="panel-search"
            aria-label={t("panel.search", { title })}
            placeholder={t("panel.filter")}
            value={search}
            onChange={(event) => onSearch(event.target.value)}
          />
        ) : null}
        {tools}
      </div>
      {children}
    </section>
  );
}
