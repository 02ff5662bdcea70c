/** What the page that is shown can do, for the command palette. One list for the whole page. */

export interface PageAction {
  id: string;
  label: string;
  /** The keys that do the same. */
  keys?: string;
  run: () => void;
}

let current: readonly PageAction[] = [];

export const pageActions = {
  get: (): readonly PageAction[] => current,
  /** Offers actions until the returned function is called. */
  offer(actions: readonly PageAction[]): () => void {
    current = [...current, ...actions];
    return () => {
      current = current.filter((action) => !actions.includes(action));
    };
  },
};
