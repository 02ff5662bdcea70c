/** What groups are called, and how their statistics are written. */
import type { GroupLabel, GroupStatistics, RunGroup } from "../../api/types";
import { formatCount, formatDuration, formatNumber, formatTick, formatTime, toNumber } from "../../data/format";
import type { GroupBy, Statistic } from "../../data/viewstate";
import type { Words } from "../../i18n/language";
import { STATUS } from "../../parts/Status";
import { columnTitle } from "./titles";

function edge(value: number, by: GroupBy, words: Words): string {
  if (by.column === "a.duration") return formatDuration(value, words.language);
  if (by.column === "a.start_time" || by.column === "a.end_time") return formatTime(value, words.language);
  return formatTick(value);
}

function labelText(label: GroupLabel, by: GroupBy, words: Words): string {
  if (label.text !== undefined) {
    const look = by.column === "a.status" ? STATUS[label.text] : undefined;
    if (look) return words.t(look.word);
    return label.text === "" ? words.t("value.empty") : label.text;
  }
  if (label.low === undefined || label.high === undefined) return words.t("group.none");
  const [low, high] = [toNumber(label.low), toNumber(label.high)];
  return low === high ? edge(low, by, words) : `${edge(low, by, words)} – ${edge(high, by, words)}`;
}

/** "optimizer adam · dropout 0.1 – 0.2" */
export function groupName(group: RunGroup, groups: readonly GroupBy[], words: Words): string {
  return group.labels
    .flatMap((label, index) => {
      const by = groups[index];
      return by ? [`${columnTitle(by.column, words)} = ${labelText(label, by, words)}`] : [];
    })
    .join(" · ");
}

/** What a group is called in the column that it is made by; null in others. */
export function ownLabel(column: string, group: RunGroup, { groups }: { groups: readonly GroupBy[] }, words: Words): string | null {
  const index = groups.findIndex((by) => by.column === column);
  const [by, label] = [groups[index], group.labels[index]];
  return by && label ? labelText(label, by, words) : null;
}

export interface StatisticText {
  text: string;
  /** The deviation, written after the text in grey. */
  spread: string;
  full: string;
}

/** A statistic of a group's numbers; null where it has none. */
export function statisticText(own: GroupStatistics | undefined, name: Statistic, words: Words): StatisticText | null {
  if (!own?.count) return null;
  const { t, language } = words;
  const number = (value: GroupStatistics["mean"]) => (value === undefined ? "–" : formatNumber(toNumber(value)));
  const full = t("group.statistics", {
    count: own.count,
    mean: number(own.mean),
    sd: number(own.sd),
    median: number(own.median),
    min: number(own.min),
    max: number(own.max),
  });
  if (name === "count") return { text: formatCount(own.count, language), spread: "", full };
  const spread = name === "mean" && own.sd !== undefined ? `± ${shortNumber(deviation(toNumber(own.sd), own.mean))}` : "";
  return { text: number(own[name]), spread, full };
}

/** What is left of sums of equal numbers is no deviation. */
function deviation(sd: number, mean: GroupStatistics["mean"]): number {
  return mean !== undefined && sd < Math.abs(toNumber(mean)) * 1e-12 ? 0 : sd;
}

/** The number that all runs of a group have; null where they differ. */
export function onlyValue(own: GroupStatistics | undefined): string | null {
  return own?.min !== undefined && own.min === own.max ? String(own.min) : null;
}

/** The least and the greatest number of a group; null where it has one or none. A param's mean would tell nothing. */
export function rangeText(own: GroupStatistics | undefined): string | null {
  if (own?.min === undefined || own.max === undefined || own.min === own.max) return null;
  return `${formatTick(toNumber(own.min))} – ${formatTick(toNumber(own.max))}`;
}

/** Two significant digits: a deviation says no more. */
function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e4) ? value.toExponential(0) : String(Number(value.toPrecision(2)));
}

/** The name that a grouping has in menus and tooltips. */
export function groupingName(by: GroupBy, words: Words): string {
  const title = columnTitle(by.column, words);
  return by.bins === null ? title : `${title} (${by.bins})`;
}
