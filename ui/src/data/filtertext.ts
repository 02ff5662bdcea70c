/** Filters as texts: joined, taken apart at their top-level ANDs, values written as the language wants them. */
import type { CellValue, FilterCompletion, FilterSpan } from "../api/types";
import { columnKind, termKey, type ColumnId } from "./columns";
import { isNumeric } from "./format";

/** A text in quotes. */
export function quoteText(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  return text.includes('"') ? `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'` : `"${text}"`;
}

/** Filters joined by AND; empty ones are left out. */
export function allOf(filters: readonly string[]): string {
  const some = filters.map((filter) => filter.trim()).filter(Boolean);
  return some.length < 2 ? (some[0] ?? "") : some.map(inBrackets).join(" AND ");
}

/** In brackets where an OR, or a word of free text, could tear it apart. */
function inBrackets(filter: string): string {
  return /\bor\b/i.test(filter) ? `(${filter})` : filter;
}

/** The condition that a column has, or has not, a value. */
export function valueTerm(id: ColumnId, op: "=" | "!=" | "<=" | ">=", value: CellValue): string {
  const key = termKey(id);
  if (value === null) return `${key} IS ${op === "=" ? "" : "NOT "}NULL`;
  const number = columnKind(id) === "metric" || op === "<=" || op === ">=";
  if (number && isNumeric(String(value))) return `${key} ${op} ${value}`;
  return `${key} ${op} ${quoteText(String(value))}`;
}

/** The runs of these ids. */
export function idTerm(ids: readonly string[], op: "IN" | "NOT IN" = "IN"): string {
  return `run_id ${op} (${ids.map(quoteText).join(", ")})`;
}

/** Text positions of code points, as JavaScript counts: the server counts code points. */
export function toUnits(text: string, point: number): number {
  let units = 0;
  let points = 0;
  for (const character of text) {
    if (points >= point) break;
    units += character.length;
    points += 1;
  }
  return units;
}

export function toPoints(text: string, unit: number): number {
  return Array.from(text.slice(0, unit)).length;
}

/** A part of a filter between two top-level ANDs; `start` and `stop` as JavaScript counts. */
export interface Term {
  text: string;
  start: number;
  stop: number;
}

/** The conditions that must all hold; one for all where there is an OR at the top. */
export function termsOf(text: string, spans: readonly FilterSpan[]): Term[] {
  const cuts: [number, number][] = [];
  let depth = 0;
  for (const span of spans) {
    const [start, stop] = [toUnits(text, span.start), toUnits(text, span.stop)];
    const word = text.slice(start, stop).toLowerCase();
    if (word === "(") depth += 1;
    else if (word === ")") depth -= 1;
    else if (depth === 0 && word === "or" && span.kind === "keyword") return whole(text);
    else if (depth === 0 && word === "and" && span.kind === "keyword") cuts.push([start, stop]);
  }
  const terms: Term[] = [];
  let from = 0;
  for (const [start, stop] of [...cuts, [text.length, text.length] as const]) {
    const term = text.slice(from, start);
    const lead = term.length - term.trimStart().length;
    if (term.trim()) terms.push({ text: term.trim(), start: from + lead, stop: from + term.trimEnd().length });
    from = stop;
  }
  return terms;
}

function whole(text: string): Term[] {
  const term = text.trim();
  const start = text.indexOf(term);
  return term ? [{ text: term, start, stop: start + term.length }] : [];
}

/** The filter without one of its terms. */
export function withoutTerm(terms: readonly Term[], index: number): string {
  return terms
    .toSpliced(index, 1)
    .map((term) => term.text)
    .join(" AND ");
}

const bare = (text: string) => text.replaceAll(/["'`]/g, "").toLowerCase();

/**
 * Completions that were told of the text `before`, for the text that stands there now: those that still fit what was typed
 * since, so that nobody waits for the server to go on.
 */
export function adapted(
  completions: readonly FilterCompletion[],
  before: string,
  now: string,
  caret: number,
): readonly FilterCompletion[] {
  if (before === now) return completions;
  const grown = Array.from(now).length - Array.from(before).length;
  return completions.flatMap((completion) => {
    const from = toUnits(before, completion.from);
    const typed = now.slice(from, caret);
    const same = now.slice(0, from) === before.slice(0, from) && completion.to + grown >= completion.from;
    if (!same || caret < from || /\s$/.test(typed) || !bare(completion.text).includes(bare(typed))) return [];
    return [{ ...completion, to: completion.to + grown }];
  });
}

/** What may be typed next, or a whole filter that was used before. */
export interface Suggestion extends Omit<FilterCompletion, "kind"> {
  kind: FilterCompletion["kind"] | "recent";
}

/** Filters that were used before, where nothing is typed yet. */
export function recentSuggestions(filters: readonly string[]): Suggestion[] {
  return filters.map((text) => ({ text, kind: "recent", from: 0, to: 0 }));
}

/** The text and the caret's place after a suggestion was taken. */
export function completed(text: string, completion: Suggestion): { text: string; caret: number } {
  if (completion.kind === "recent") return { text: completion.text, caret: completion.text.length };
  const before = text.slice(0, toUnits(text, completion.from));
  const after = text.slice(toUnits(text, completion.to));
  const open = completion.kind === "prefix" || completion.text.endsWith("(");
  const gap = open || after.startsWith(" ") ? "" : " ";
  const put = completion.text + gap;
  const caret = before.length + put.length + (!open && after.startsWith(" ") ? 1 : 0);
  return { text: before + put + after, caret };
}

const KEY = String.raw`(?:[\w./-]+|\`[^\`]+\`|"[^"]+")(?:\.\w+)?`;
const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
const QUOTED = String.raw`(?:'[^']*'|"[^"]*")`;
const TERM = [
  String.raw`metrics?\.${KEY}\s*(?:=|!=|<=?|>=?)\s*${NUMBER}`,
  String.raw`params?\.${KEY}\s*(?:(?:=|!=|~|i?like\s)\s*${QUOTED}|(?:=|!=|<=?|>=?)\s*${NUMBER})`,
  String.raw`(?:tags?\.${KEY}|status|run_name|user_id)\s*(?:=|!=|~|i?like\s)\s*${QUOTED}`,
].join("|");
const WHOLE = new RegExp(String.raw`^\s*(?:${TERM})(?:\s+(?:and|or)\s+(?:${TERM}))*\s*$`, "i");

/** Whether a filter is of the most usual form, so that its answer may be asked for while the server still reads it. */
export function looksWhole(text: string): boolean {
  return WHOLE.test(text);
}
