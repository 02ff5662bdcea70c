import type { Stroke } from "./useColors";

/** A short piece of a run's line: its colour and its dash. */
export function Swatch({ stroke }: { stroke: Stroke }) {
  return (
    <svg className="swatch" viewBox="0 0 16 8" aria-hidden="true">
      <line x1="1" x2="15" y1="4" y2="4" stroke={stroke.color} strokeWidth="3" strokeDasharray={stroke.dash.map((part) => part * 0.8).join(" ")} />
    </svg>
  );
}
