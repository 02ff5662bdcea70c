import { formatTick } from "../data/format";
import type { Column } from "../data/runtable";
import { extent } from "../data/scale";
import { rampColor } from "../theme/ramp";
import { shadeFor } from "./shades";
import { useColors } from "./useColors";

const STEPS = 12;

/** What the colours of a chart stand for. */
export function ColorKey({ column }: { column: Column }) {
  const colors = useColors();
  if (column.kind === "category" && column.categories.length <= colors.series.length) {
    return (
      <ul className="color-key">
        {column.categories.map((text, index) => (
          <li key={text}>
            <i style={{ background: colors.series[index] }} />
            {text}
          </li>
        ))}
      </ul>
    );
  }
  const range = extent(column.numbers, column.decades);
  const [low, high] = column.kind === "category" ? [column.categories[0], column.categories.at(-1)] : (range ?? []).map(formatTick);
  const stops = Array.from({ length: STEPS }, (_, index) => rampColor(shadeFor(index / (STEPS - 1), colors)));
  return (
    <p className="color-key">
      <span>{column.label}</span>
      <span>{low}</span>
      <i className="color-ramp" style={{ background: `linear-gradient(90deg, ${stops.join(", ")})` }} />
      <span>{high}</span>
    </p>
  );
}
