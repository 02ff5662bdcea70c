import { Link, useLocation, useSearch } from "wouter";
import { useWords, type MessageKey } from "../../i18n/language";
import { Icon, type IconName } from "../../parts/Icon";
import { useKeys } from "../shell/useKeys";
import { usePageActions } from "../shell/usePageActions";

/** What a page of runs shows. */
export type Layout = "table" | "split" | "charts";

const LAYOUTS: readonly (readonly [Layout, MessageKey, IconName])[] = [
  ["table", "layout.table", "list"],
  ["split", "layout.split", "split"],
  ["charts", "layout.charts", "charts"],
];

/** The layout that the page's address says. */
export function useLayout(): Layout {
  const [path] = useLocation();
  const search = useSearch();
  if (!path.endsWith("/charts")) return "table";
  return new URLSearchParams(search).get("lay") === "split" ? "split" : "charts";
}

/** Where a layout of an experiment's runs lives; what the address says of them stays. */
function layoutAddress(experimentId: string, layout: Layout, search: string): string {
  const query = new URLSearchParams(search);
  query.delete("lay");
  if (layout === "split") query.set("lay", "split");
  const text = query.toString();
  return `/experiments/${encodeURIComponent(experimentId)}/${layout === "table" ? "runs" : "charts"}${text ? `?${text}` : ""}`;
}

/** Table, charts, or both; the keys 1, 2 and 3 choose. */
export function LayoutSwitch({ experimentId, layout }: { experimentId: string; layout: Layout }) {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const search = useSearch();
  const go = (name: Layout) => navigate(layoutAddress(experimentId, name, location.search));
  useKeys({ 1: () => go("table"), 2: () => go("split"), 3: () => go("charts") });
  usePageActions(LAYOUTS.map(([id, word], index) => ({ id: `layout-${id}`, label: t(word), keys: String(index + 1), run: () => go(id) })));
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
