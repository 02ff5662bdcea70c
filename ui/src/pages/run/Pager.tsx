import { useWords } from "../../i18n/language";
import { Icon } from "../../parts/Icon";

/** Moves through pages, counted from 0; nothing where there is one. */
export function Pager({ page, pages, onPage }: { page: number; pages: number; onPage: (page: number) => void }) {
  const { t } = useWords();
  if (pages < 2) return null;
  return (
    <nav className="pager" aria-label={t("pager.label")}>
      <button type="button" className="icon-button" aria-label={t("pager.before")} title={t("pager.before")} disabled={page === 0} onClick={() => onPage(page - 1)}>
        <Icon name="left" />
      </button>
      <span>{t("pager.at", { page: page + 1, pages })}</span>
      <button type="button" className="icon-button" aria-label={t("pager.next")} title={t("pager.next")} disabled={page >= pages - 1} onClick={() => onPage(page + 1)}>
        <Icon name="right" />
      </button>
    </nav>
  );
}
