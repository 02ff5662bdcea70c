import { Suspense, type PointerEvent, type ReactNode } from "react";
import { hover } from "../../data/hover";
import { Skeleton } from "../../parts/Empty";
import type { Layout } from "../charts/LayoutSwitch";

const TABLE = "table";

/** The run of the row under the pointer stands out in the charts. */
function lightUp(event: PointerEvent): void {
  const row = (event.target as Element).closest(".grid-row");
  const link = row?.querySelector("a")?.getAttribute("href");
  if (link) hover.set({ axis: "", x: null, runId: link.slice(link.lastIndexOf("/") + 1), source: TABLE });
  else hover.clear(TABLE);
}

/** The table, the charts, or both beside each other. */
export function Halves({ layout, table, charts }: { layout: Layout; table: ReactNode; charts: ReactNode }) {
  if (layout === "table") return table;
  const right = <Suspense fallback={<Skeleton lines={12} />}>{charts}</Suspense>;
  if (layout === "charts") return right;
  return (
    <div className="split" onPointerOver={lightUp} onPointerLeave={() => hover.clear(TABLE)} role="presentation">
      {table}
      {right}
    </div>
  );
}
