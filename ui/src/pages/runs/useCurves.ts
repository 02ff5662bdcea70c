import { useEffect, useRef, useState } from "react";
import { getSeries } from "../../api/server";
import { CURVE_POINTS, Curves } from "../../data/curves";

interface CurvesControl {
  path: (runId: string, key: string) => string;
  want: Curves["want"];
  /** Changes when curves came. */
  revision: number;
}

/** The small curves of the metrics on screen. */
export function useCurves(): CurvesControl {
  const [revision, setRevision] = useState(0);
  const curves = useRef<Curves | null>(null);
  useEffect(() => {
    const made = new Curves(
      (runIds, keys, signal) => getSeries({ run_ids: runIds, keys, max_points: CURVE_POINTS, format: "packed" }, signal),
      () => setRevision((count) => count + 1),
    );
    curves.current = made;
    return () => made.close();
  }, []);
  return {
    path: (runId, key) => curves.current?.path(runId, key) ?? "",
    want: (runs, keys) => curves.current?.want(runs, keys),
    revision,
  };
}
