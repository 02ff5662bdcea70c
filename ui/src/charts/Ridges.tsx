import { useCallback, useMemo, useRef, useState } from "react";
import { formatNumber, formatTick } from "../data/format";
import { linear } from "../data/scale";
import { useWords } from "../i18n/language";
import { rampColor } from "../theme/ramp";
import { drawAxes, marksOf, plotFor, type Mark } from "./axes";
import { Layer, useSize, type Paint } from "./Layer";
import { shadeFor } from "./shades";
import { Tip } from "./Tip";
import { useColors } from "./useColors";
import "./charts.css";

/** A histogram that was logged at a step; `edges` has one more than `counts`. */
export interface StepHistogram {
  step: number;
  counts: readonly number[];
  edges: readonly number[];
}

interface RidgesProps {
  /** By rising step. */
  histograms: readonly StepHistogram[];
  heat: boolean;
  label: string;
}

const OVERLAP = 2.2;

/** How dense the values of a histogram are in a bin. */
const dense = (one: StepHistogram, bin: number) => (one.counts[bin] ?? 0) / Math.max(1e-300, (one.edges[bin + 1] ?? 0) - (one.edges[bin] ?? 0));

/** Distributions over steps: as ridges behind each other, or as colours with the step across. */
export function Ridges({ histograms, heat, label }: RidgesProps) {
  const { t, language } = useWords();
  const root = useRef<HTMLDivElement>(null);
  const size = useSize(root);
  const colors = useColors();
  const [at, setAt] = useState<{ x: number; y: number } | null>(null);

  const frame = useMemo(() => {
    const low = Math.min(...histograms.map((one) => one.edges[0] ?? 0));
    const high = Math.max(...histograms.map((one) => one.edges.at(-1) ?? 1));
    const values = linear(low, high);
    const steps = linear(histograms[0]?.step ?? 0, histograms.at(-1)?.step ?? 1);
    if (heat) {
      const yMarks = marksOf(values, "number", size.height - 30, language, true);
      const plot = plotFor(size, yMarks, { y: t("histogram.value") });
      return { plot, values, steps, xMarks: marksOf(steps, "number", plot.width, language), yMarks };
    }
    const every = Math.max(1, Math.ceil((histograms.length * 16) / Math.max(1, size.height - 60)));
    const room = 1 / (1 + OVERLAP / Math.max(1, histograms.length));
    const yMarks: Mark[] = histograms
      .map((one, index) => ({ place: room * (1 - (index + 0.5) / histograms.length), label: formatTick(one.step) }))
      .filter((_mark, index) => index % every === 0);
    const plot = plotFor(size, yMarks, { y: t("column.step") });
    return { plot, values, steps, xMarks: marksOf(values, "number", plot.width, language), yMarks };
  }, [histograms, heat, size, language, t]);

  const paint = useCallback<Paint>(
    (pen) => {
      const { plot, values, steps } = frame;
      drawAxes(pen, plot, colors, { x: frame.xMarks, y: frame.yMarks, plainY: !heat, titles: { y: heat ? t("histogram.value") : t("column.step") } });
      const most = Math.max(...histograms.flatMap((one) => one.counts.map((_count, bin) => dense(one, bin))), 1e-300);
      const x = (value: number) => plot.left + values.place(value) * plot.width;
      if (heat) {
        const y = (value: number) => plot.top + (1 - values.place(value)) * plot.height;
        for (const [index, one] of histograms.entries()) {
          const from = steps.place(index === 0 ? one.step : (one.step + (histograms[index - 1]?.step ?? 0)) / 2);
          const to = steps.place(index === histograms.length - 1 ? one.step : (one.step + (histograms[index + 1]?.step ?? 0)) / 2);
          for (const [bin, count] of one.counts.entries()) {
            if (count === 0) continue;
            const top = y(one.edges[bin + 1] ?? 0);
            pen.fillStyle = rampColor(shadeFor(Math.sqrt(dense(one, bin) / most), colors));
            pen.fillRect(plot.left + from * plot.width, top, Math.max(1, (to - from) * plot.width + 0.5), Math.max(1, y(one.edges[bin] ?? 0) - top + 0.5));
          }
        }
        return;
      }
      const row = plot.height / (histograms.length + OVERLAP);
      for (const [index, one] of histograms.entries()) {
        const base = plot.top + plot.height - (histograms.length - index - 0.5) * row;
        const share = histograms.length > 1 ? index / (histograms.length - 1) : 1;
        pen.beginPath();
        pen.moveTo(x(one.edges[0] ?? 0), base);
        for (const bin of one.counts.keys()) {
          const middle = ((one.edges[bin] ?? 0) + (one.edges[bin + 1] ?? 0)) / 2;
          pen.lineTo(x(middle), base - (dense(one, bin) / most) * row * (1 + OVERLAP));
        }
        pen.lineTo(x(one.edges.at(-1) ?? 0), base);
        pen.fillStyle = rampColor(shadeFor(share, colors));
        pen.globalAlpha = 0.75;
        pen.fill();
        pen.globalAlpha = 1;
        pen.strokeStyle = colors.raised;
        pen.lineWidth = 1;
        pen.stroke();
      }
    },
    [frame, histograms, heat, colors, t],
  );

  const told = useMemo(() => {
    if (!at) return null;
    const { plot, values, steps } = frame;
    const across = (at.x - plot.left) / plot.width;
    const up = 1 - (at.y - plot.top) / plot.height;
    if (across < 0 || across > 1 || up < 0 || up > 1) return null;
    const step = steps.value(across);
    const row = Math.round((1 - up) * (histograms.length + OVERLAP) - OVERLAP - 0.5);
    const index = heat
      ? histograms.reduce((best, one, place) => (Math.abs(one.step - step) < Math.abs((histograms[best]?.step ?? 0) - step) ? place : best), 0)
      : Math.min(histograms.length - 1, Math.max(0, row));
    const one = histograms[index];
    const value = values.value(heat ? up : across);
    const bin = one ? one.edges.findIndex((edge, place) => value >= edge && value < (one.edges[place + 1] ?? -Infinity)) : -1;
    return one ? { one, bin, value } : null;
  }, [at, frame, histograms, heat]);

  return (
    <div
      ref={root}
      className="plot"
      role="img"
      aria-label={label}
      onPointerMove={(event) => {
        const edge = event.currentTarget.getBoundingClientRect();
        setAt({ x: event.clientX - edge.left, y: event.clientY - edge.top });
      }}
      onPointerLeave={() => setAt(null)}
    >
      <Layer size={size} paint={paint} />
      {at && told ? (
        <Tip left={at.x} top={at.y}>
          <div className="tip-head">{t("metrics.atStep", { step: told.one.step })}</div>
          <div>
            {told.bin >= 0
              ? `${formatNumber(told.one.edges[told.bin] ?? 0)} – ${formatNumber(told.one.edges[told.bin + 1] ?? 0)}: ${formatNumber(told.one.counts[told.bin] ?? 0)}`
              : formatNumber(told.value)}
          </div>
        </Tip>
      ) : null}
    </div>
  );
}
