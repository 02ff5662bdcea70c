import { useCallback, useState } from "react";

/** What panels remember while they are not drawn, or are drawn elsewhere (full screen): by panel and name. */
export type Memory = Map<string, unknown>;

/** A state that outlives its component. */
export function useKept<T>(memory: Memory, name: string, first: T): [T, (next: T) => void] {
  const [value, setValue] = useState<T>(() => (memory.has(name) ? (memory.get(name) as T) : first));
  const keep = useCallback(
    (next: T) => {
      memory.set(name, next);
      setValue(next);
    },
    [memory, name],
  );
  return [value, keep];
}
