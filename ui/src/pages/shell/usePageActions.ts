import { useEffect, useRef } from "react";
import { pageActions, type PageAction } from "../../data/pageactions";

/** Offers what the page can do in the command palette, while the page is shown. */
export function usePageActions(actions: readonly PageAction[]): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  const names = actions.map((action) => `${action.id}\t${action.label}`).join("\n");
  useEffect(
    () =>
      pageActions.offer(
        latest.current.map((action) => ({
          ...action,
          run: () => latest.current.find((one) => one.id === action.id)?.run(),
        })),
      ),
    [names],
  );
}
