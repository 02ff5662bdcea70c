import { formatNumber } from "../data/format";
import type { Near, RunLine } from "../data/lines";
import { useWords } from "../i18n/language";
import { Swatch } from "./Swatch";
import { Tip } from "./Tip";
import { strokeOf, type Colors } from "./useColors";

const MOST = 10;

interface LineTipProps {
  lines: readonly RunLine[];
  near: readonly Near[];
  strong: string | null;
  styleOf: (id: string) => number;
  colors: Colors;
  head: string;
  left: number;
  top: number;
  pinned: boolean;
  onClose: () => void;
}

/** The curves nearest to the pointer with their values; against the baseline where there is one. */
export function LineTip(props: LineTipProps) {
  const { lines, near, strong, styleOf, colors } = props;
  const { t } = useWords();
  const valueOf = (one: Near) => lines[one.line]?.values[one.index] ?? Number.NaN;
  const base = near.find((one) => lines[one.line]?.id === strong);
  const baseValue = base ? valueOf(base) : Number.NaN;
  return (
    <Tip left={props.left} top={props.top} pinned={props.pinned} onClose={props.onClose}>
      <div className="tip-head">{props.head}</div>
      <table>
        <tbody>
          {near.slice(0, MOST).map((one, place) => {
            const line = lines[one.line];
            if (!line) return null;
            const value = valueOf(one);
            const raw = line.raw[one.index] ?? value;
            return (
              // oxlint-disable-next-line react/no-array-index-key -- rows that stay where they are cost less than rows that move
              <tr key={place} className={place === 0 ? "tip-first" : undefined}>
                <th scope="row">
                  <Swatch stroke={strokeOf(styleOf(line.id), colors)} />
                  <span>{line.label}</span>
                </th>
                <td>{formatNumber(value)}</td>
                {line.low && line.high ? (
                  <td className="muted">
                    {Number.isFinite(line.low[one.index]) ? `${formatNumber(line.low[one.index] ?? 0)} – ${formatNumber(line.high[one.index] ?? 0)}` : ""}
                    {line.counts ? ` · ${t("runs.count", { n: line.counts[one.index] ?? 0 })}` : ""}
                  </td>
                ) : raw !== value ? (
                  <td className="muted">({formatNumber(raw)})</td>
                ) : null}
                {base && one !== base ? <td className="muted">{change(value, baseValue)}</td> : null}
              </tr>
            );
          })}
        </tbody>
      </table>
      {near.length > MOST ? <div className="muted">{t("chart.more", { n: near.length - MOST })}</div> : null}
    </Tip>
  );
}

function change(value: number, base: number): string {
  if (!Number.isFinite(value) || !Number.isFinite(base) || base === 0) return "";
  const share = (100 * (value - base)) / Math.abs(base);
  return `${share < 0 ? "−" : "+"}${Math.abs(share).toPrecision(2)} %`;
}
