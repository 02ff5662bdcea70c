import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { decodeView, encodeView, type ViewState } from "../../data/viewstate";

export interface ViewControl {
  view: ViewState;
  /** The page's path and query. */
  path: string;
  search: string;
  /** Changes parts of the view: an entry in the history, or in place of the one that is there. */
  go: (change: Partial<ViewState>, replace?: boolean) => void;
}

/** The view that the address says. */
export function useView(): ViewControl {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const view = useMemo(() => decodeView(search), [search]);
  const go = useCallback(
    (change: Partial<ViewState>, replace = false) => {
      const query = encodeView({ ...decodeView(location.search), ...change }, location.search);
      navigate(`${path}${query ? `?${query}` : ""}`, { replace });
    },
    [navigate, path],
  );
  return { view, path, search, go };
}
