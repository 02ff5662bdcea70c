import { useCallback, useMemo, useState } from "react";
import { useLocation } from "wouter";
import { PLAIN_WORKSPACE } from "../../data/workspace";
import type { PanelSpec } from "../../data/panels";
import { MediaPanel } from "../charts/MediaPanel";
import type { Shared } from "../charts/model";
import type { Compared } from "./compared";

const SPEC: PanelSpec = { id: "images", kind: "media", fields: {} };
const NO_TWEAK = {};
const NO_MEMORY = new Map<string, unknown>();
const nothing = () => {};

/** Images that the runs logged over steps, side by side. */
export function ImagesTab({ runs, base, styleOf }: Compared) {
  const [, navigate] = useLocation();
  const [title, setTitle] = useState("");
  const seen = useMemo(() => runs.map((run) => run.info), [runs]);
  const openRun = useCallback((runId: string) => navigate(`/runs/${runId}`), [navigate]);
  const shared: Shared = {
    scope: { experimentId: runs[0]?.info.experiment_id ?? "", filter: "", order: [], deleted: false },
    known: {},
    workspace: PLAIN_WORKSPACE,
    seen,
    styleOf,
    table: null,
    groups: null,
    target: null,
    rising: () => true,
    baseline: runs[base]?.info.run_id ?? null,
    addFilter: nothing,
    addPanel: nothing,
    openRun,
    memory: NO_MEMORY,
  };
  return (
    <section className="compare-images" aria-label={title || undefined}>
      <MediaPanel spec={SPEC} tweak={NO_TWEAK} shared={shared} asTable={false} onData={nothing} onTitle={setTitle} />
    </section>
  );
}
