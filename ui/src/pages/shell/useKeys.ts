import { useEffect, useRef } from "react";

const SEQUENCE_MS = 1000;

/** Calls a function for a key ("l"), one with Ctrl or ⌘ ("Ctrl+a"), or two in a row ("g e"); not while the reader types. */
export function useKeys(bindings: Record<string, () => void>): void {
  const current = useRef(bindings);
  useEffect(() => {
    current.current = bindings;
  });
  useEffect(() => {
    let before = "";
    let timer = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.altKey || event.isComposing || event.defaultPrevented) return;
      const target = event.target as HTMLElement;
      if (target.closest("input,textarea,select,dialog,[contenteditable]")) return;
      const key = event.ctrlKey || event.metaKey ? `Ctrl+${event.key}` : event.key;
      const action = current.current[`${before} ${key}`] ?? current.current[key];
      before = key;
      clearTimeout(timer);
      timer = window.setTimeout(() => (before = ""), SEQUENCE_MS);
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      clearTimeout(timer);
    };
  }, []);
}
