import { useSyncExternalStore } from "react";
import { formatAge } from "../../data/format";
import { live } from "../../data/live";
import type { RunTree } from "../../data/runtree";
import { useWords } from "../../i18n/language";
import { useNow } from "../../parts/Now";

const FRESH_MS = 60_000;

interface FootProps {
  table: RunTree;
  all: number | undefined;
  filtered: boolean;
  deleted: boolean;
  error: Error | null;
  onRetry: () => void;
}

/** The true counts below the table. */
export function RunsFoot({ table, all, filtered, deleted, error, onRetry }: FootProps) {
  const { t, language } = useWords();
  const now = useNow();
  const connection = useSyncExternalStore(live.subscribe, live.get);
  const fresh = now - table.updated < FRESH_MS;
  const total = filtered && all !== undefined ? Math.max(all, table.total) : table.total;
  return (
    <div className="runs-foot">
      <span role="status">
        {deleted
          ? t("runs.inTrash", { n: table.total })
          : filtered
            ? t("runs.match", { matching: table.total, total })
            : t("runs.count", { n: table.total })}
      </span>
      {table.grouped ? <span>{t("runs.groups", { n: table.groupCount })}</span> : null}
      {table.loaded < table.total ? <span>{t("runs.loaded", { n: table.loaded })}</span> : null}
      <span className="runs-foot-space" />
      {error ? (
        <button type="button" className="button-link tone-bad" onClick={onRetry}>
          {t("runs.pageFailed")}
        </button>
      ) : null}
      {table.updated && (!fresh || connection === "live") ? (
        <span>
          {fresh ? t("runs.updatedNow") : t("runs.updated", { age: formatAge(table.updated, now, language) })}
        </span>
      ) : null}
    </div>
  );
}
