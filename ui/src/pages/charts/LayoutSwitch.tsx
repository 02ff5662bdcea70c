import { Link, useSearch } from "wouter";
import { useWords, type MessageKey } from "../../i18n/language";
import { Icon, type IconName } from "../../parts/Icon";

export type Layout = "table" | "split" | "charts";

const LAYOUTS: readonly (readonly [Layout, MessageKey, IconName])[] = [
  ["table", "layout.table", "list"],
  ["split", "layout.split", "split"],
  ["charts", "layout.charts", "charts"],
];

/** Where a layout of an experiment's runs lives; what the address says of them stays. */
export function layoutAddress(experimentId: string, layout: Layout, search: string): string {
  const query = new URLSearchParams(search);
  query.delete("lay");
  if (layout === "split") query.set("lay", "split");
  const text = query.toString();
  return `/experiments/${encodeURIComponent(experimentId)}/${layout === "table" ? "runs" : "charts"}${text ? `?${text}` : ""}`;
}

/** Table, charts, or both. */
export function LayoutSwitch({ experimentId, layout }: { experimentId: string; layout: Layout }) {
  const { t } = useWords();
  const search = useSearch();
  return (
    <nav className="segments layout-switch" aria-label={t("layout.label")}>
      {LAYOUTS.map(([name, word, icon]) => (
        <Link key={name} href={layoutAddress(experimentId, name, search)} aria-current={name === layout ? "page" : undefined}>
          <Icon name={icon} />
          {t(word)}
        </Link>
      ))}
    </nav>
  );
}
