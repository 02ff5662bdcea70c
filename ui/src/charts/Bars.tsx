import { useEffect, useId, useSyncExternalStore } from "react";
import { formatNumber } from "../data/format";
import { hover } from "../data/hover";
import { extent, scaleFor } from "../data/scale";
import { useWords } from "../i18n/language";
import { strokeOf, useColors } from "./useColors";
import "./charts.css";

export interface Bar {
  id: string;
  label: string;
  value: number;
  /** Below -1: the accent colour. */
  style: number;
  /** The ends of an error bar. */
  low?: number;
  high?: number;
  /** The number in other words. */
  text?: string;
  /** What stands behind the number. */
  note?: string;
}

interface BarsProps {
  bars: readonly Bar[];
  label: string;
  log?: boolean;
  strong?: string | null;
  onOpen?: ((id: string) => void) | undefined;
}

const MOST = 100;

/** Bars across, one a row, with their numbers; in DOM, so that they are read, copied and clicked. */
export function Bars({ bars, label, log = false, strong = null, onOpen }: BarsProps) {
  const { t } = useWords();
  const colors = useColors();
  const source = useId();
  const lit = useSyncExternalStore(hover.subscribeLit, hover.lit);
  useEffect(() => () => hover.clear(source), [source]);
  const ends = extent(bars.flatMap((bar) => [bar.value, bar.low ?? Number.NaN, bar.high ?? Number.NaN]), log) ?? [0, 1];
  const scale = log ? scaleFor(ends[0] / 2, ends[1], true) : scaleFor(Math.min(0, ends[0]), Math.max(0, ends[1]), false);
  const place = (value: number) => 100 * Math.min(1, Math.max(0, scale.place(value)));
  const noted = bars.some((bar) => bar.note);
  const zero = log ? 0 : place(0);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keys
    <div className="bars" role="region" aria-label={label} tabIndex={0}>
      <table>
        <tbody>
          {bars.slice(0, MOST).map((bar) => {
            const at = place(bar.value);
            const color = bar.style < -1 ? colors.accent : strokeOf(bar.style, colors).color;
            const marked = lit === bar.id || bar.id === strong;
            return (
              <tr
                key={bar.id}
                className={marked ? "bar-lit" : undefined}
                onPointerEnter={() => hover.set({ axis: "", x: null, runId: bar.id, source })}
                onPointerLeave={() => hover.clear(source)}
              >
                <th scope="row" title={bar.label}>
                  {onOpen ? (
                    <button type="button" className="bar-name" onClick={() => onOpen(bar.id)}>
                      {bar.label}
                    </button>
                  ) : (
                    bar.label
                  )}
                </th>
                <td className="bar-track">
                  {Number.isFinite(bar.value) ? (
                    <i style={{ left: `${Math.min(zero, at)}%`, width: `${Math.abs(at - zero)}%`, background: color }} />
                  ) : null}
                  {bar.low !== undefined && bar.high !== undefined && Number.isFinite(bar.low) ? (
                    <s style={{ left: `${place(bar.low)}%`, width: `${place(bar.high) - place(bar.low)}%` }} />
                  ) : null}
                </td>
                <td className="bar-value">{bar.text ?? formatNumber(bar.value)}</td>
                {noted ? <td className="bar-value muted">{bar.note ?? ""}</td> : null}
              </tr>
            );
          })}
        </tbody>
      </table>
      {bars.length > MOST ? <p className="muted">{t("chart.more", { n: bars.length - MOST })}</p> : null}
    </div>
  );
}
