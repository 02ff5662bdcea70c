import { useWords } from "../../i18n/language";

const WIDTH = 90;
const HEIGHT = 20;

/** Runs started on each of the last days, as bars; the tallest is the busiest day. */
export function ActivityBars({ days }: { days: readonly number[] }) {
  const { t } = useWords();
  const most = Math.max(...days, 0);
  if (most === 0) return <span className="muted">–</span>;
  const step = WIDTH / days.length;
  const total = days.reduce((sum, runs) => sum + runs, 0);
  const bars = days.map((runs, day) => {
    const height = runs ? Math.max(2, (runs / most) * HEIGHT) : 0;
    return `M${(day * step).toFixed(1)} ${HEIGHT}v${-height.toFixed(1)}h${(step - 1).toFixed(1)}v${height.toFixed(1)}z`;
  });
  const words = t("experiments.activity", { n: total, most });
  return (
    <svg className="activity" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={words}>
      <title>{words}</title>
      <path className="activity-ground" d={`M0 ${HEIGHT - 0.5}h${WIDTH}`} />
      <path d={bars.join("")} />
    </svg>
  );
}
