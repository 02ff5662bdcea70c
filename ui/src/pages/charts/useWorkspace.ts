import { useCallback, useEffect, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { decodeWorkspace, encodeWorkspace, type Workspace } from "../../data/workspace";

const SETTLED_MS = 250;

export type ChangeWorkspace = (change: (now: Workspace) => Workspace) => void;

/** How the charts are shown. The address follows after a moment, as browsers refuse it at each move of a slider. */
export function useWorkspace(): [Workspace, ChangeWorkspace] {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const [workspace, setWorkspace] = useState(() => decodeWorkspace(search));
  const written = useRef(encodeWorkspace(workspace));

  // What changed the address (back, a saved view) is shown.
  useEffect(() => {
    const there = decodeWorkspace(search);
    const text = encodeWorkspace(there);
    if (text === written.current) return;
    written.current = text;
    setWorkspace(there);
  }, [search]);

  useEffect(() => {
    const text = encodeWorkspace(workspace);
    if (text === written.current) return;
    const timer = setTimeout(() => {
      written.current = text;
      const query = encodeWorkspace(workspace, location.search);
      navigate(`${path}${query ? `?${query}` : ""}`, { replace: true });
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [workspace, path, navigate]);

  const change = useCallback<ChangeWorkspace>((make) => setWorkspace(make), []);
  return [workspace, change];
}
