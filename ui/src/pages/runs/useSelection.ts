import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { queryRuns } from "../../api/server";
import { readable, setOrDrop } from "../../data/address";
import { idTerm } from "../../data/filtertext";
import {
  decodeSelection,
  encodeSelection,
  EVERYTHING,
  isSelected,
  NOTHING,
  selectedCount,
  toggled,
  withRuns,
  type Selection,
} from "../../data/selection";
import { toasts } from "../../data/toasts";
import { useWords } from "../../i18n/language";

export const SELECTION_FIELD = "sel";

export interface SelectionControl {
  selection: Selection;
  count: number;
  /** Changes with each change of the selection. */
  revision: number;
  has: (id: string) => boolean;
  clear: () => void;
  all: () => void;
  /** Selects a run or takes it out; with `ids`, all of them like the run that was selected last. */
  pick: (id: string, ids?: readonly string[]) => void;
}

/**
 * Which runs are selected: as far as it has room there, the address says it. A change of `scope` ends a selection of all that
 * match: others may match now.
 */
export function useSelection(experimentId: string, total: number, scope: string): SelectionControl {
  const [path, navigate] = useLocation();
  const inAddress = new URLSearchParams(useSearch()).get(SELECTION_FIELD);
  const [{ selection, revision }, setState] = useState(() => ({ selection: decodeSelection(inAddress), revision: 0 }));
  const last = useRef(true);
  const put = (change: (before: Selection) => Selection) =>
    setState((before) => {
      const next = change(before.selection);
      return next === before.selection ? before : { selection: next, revision: before.revision + 1 };
    });

  const known = useRef(scope);
  useEffect(() => {
    if (known.current !== scope) put((before) => (before.all ? NOTHING : before));
    known.current = scope;
  }, [scope]);

  const written = useRef(inAddress);
  useEffect(() => {
    if (inAddress === written.current) return;
    written.current = inAddress;
    put(() => decodeSelection(inAddress));
  }, [inAddress]);
  useEffect(() => {
    const text = encodeSelection(selection);
    if (text === written.current) return;
    written.current = text;
    const query = new URLSearchParams(location.search);
    setOrDrop(query, SELECTION_FIELD, text);
    navigate(query.size ? `${path}?${readable(query)}` : path, { replace: true });
  }, [selection, navigate, path]);

  useMissing(experimentId, selection, (gone) => put((before) => withRuns(before, gone, before.all)));
  return {
    selection,
    count: selectedCount(selection, total),
    revision,
    has: (id) => isSelected(selection, id),
    clear: () => put(() => NOTHING),
    all: () => put(() => EVERYTHING),
    pick: (id, ids) =>
      put((before) => {
        if (ids) return withRuns(before, ids, last.current);
        last.current = !isSelected(before, id);
        return toggled(before, id);
      }),
  };
}

/** Runs of an address that are not there any more are dropped, and that is said. */
function useMissing(experimentId: string, selection: Selection, drop: (ids: readonly string[]) => void): void {
  const { t } = useWords();
  const [ids] = useState(() => [...selection.ids]);
  const found = useQuery({
    queryKey: ["selected-runs", experimentId, ids],
    queryFn: async ({ signal }) => {
      const query = { experiment_ids: [experimentId], filter: idTerm(ids), view: "ALL" as const, max_results: ids.length, columns: [] };
      return ((await queryRuns(query, signal)).runs ?? []).map((run) => run.run_id);
    },
    enabled: ids.length > 0,
    staleTime: Infinity,
  });
  const act = useRef(drop);
  act.current = drop;
  useEffect(() => {
    const gone = found.data ? ids.filter((id) => !found.data.includes(id)) : [];
    if (gone.length === 0) return;
    act.current(gone);
    toasts.show(t("select.missing", { n: gone.length }));
  }, [found.data, ids, t]);
}
