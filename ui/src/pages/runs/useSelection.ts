import { useEffect, useRef, useState } from "react";
import { EVERYTHING, isSelected, NOTHING, selectedCount, toggled, withRuns, type Selection } from "../../data/selection";

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

/** Which runs are selected. A change of `scope` ends a selection of all that match: others may match now. */
export function useSelection(total: number, scope: string): SelectionControl {
  const [{ selection, revision }, setState] = useState({ selection: NOTHING, revision: 0 });
  const last = useRef(true);
  const put = (change: (before: Selection) => Selection) =>
    setState((before) => ({ selection: change(before.selection), revision: before.revision + 1 }));
  useEffect(() => put((before) => (before.all ? NOTHING : before)), [scope]);
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
