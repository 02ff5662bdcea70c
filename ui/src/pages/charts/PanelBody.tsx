import type { PanelKind } from "../../data/panels";
import { BarPanel } from "./BarPanel";
import { BoxPanel } from "./BoxPanel";
import { HeatPanel } from "./HeatPanel";
import { HistogramPanel } from "./HistogramPanel";
import { HistoryPanel } from "./HistoryPanel";
import { ImportancePanel } from "./ImportancePanel";
import { LinesPanel } from "./LinesPanel";
import { MediaPanel } from "./MediaPanel";
import type { BodyProps } from "./model";
import { ParallelPanel } from "./ParallelPanel";
import { ScatterPanel } from "./ScatterPanel";

const BODIES: Record<PanelKind, (props: BodyProps) => React.ReactNode> = {
  lines: LinesPanel,
  parallel: ParallelPanel,
  importance: ImportancePanel,
  scatter: ScatterPanel,
  box: BoxPanel,
  heat: HeatPanel,
  history: HistoryPanel,
  bar: BarPanel,
  histogram: HistogramPanel,
  media: MediaPanel,
};

/** The inside of a panel of any kind. */
export function PanelBody(props: BodyProps) {
  const Body = BODIES[props.spec.kind];
  return <Body {...props} />;
}
