import { useSyncExternalStore } from "react";
import { formatAge } from "../../data/format";
import { live } from "../../data/live";
import type { RunPages } from "../../data/runpages";
import { useWords } from "../../i18n/language";
import { useNow } from "../../parts/Now";

const FRESH_MS = 60_000;

interface FootProps {
  pages: RunPages;
  all: number | undefined;
  filtered: boolean;
  error: Error | null;
  onRetry: () => void;
}

/** The true counts below the table. */
export function RunsFoot({ pages, all, filtered, error, onRetry }: FootProps) {
  const { t, language } = useWords();
  const now = useNow();
  const connection = useSyncExternalStore(live.subscribe, live.get);
  const fresh = now - pages.updated < FRESH_MS;
  const total = filtered && all !== undefined ? Math.max(all, pages.total) : pages.total;
  return (
    <div className="runs-foot">
      <span role="status">
        {filtered ? t("runs.match", { matching: pages.total, total }) : t("runs.count", { n: pages.total })}
      </span>
      {pages.loaded < pages.total ? <span>{t("runs.loaded", { n: pages.loaded })}</span> : null}
      <span className="runs-foot-space" />
      {error ? (
        <button type="button" className="button-link tone-bad" onClick={onRetry}>
          {t("runs.pageFailed")}
        </button>
      ) : null}
      {pages.updated && (!fresh || connection === "live") ? (
        <span>
          {fresh ? t("runs.updatedNow") : t("runs.updated", { age: formatAge(pages.updated, now, language) })}
        </span>
      ) : null}
    </div>
  );
}
