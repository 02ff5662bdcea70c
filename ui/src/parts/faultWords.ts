/** The parser's words for what it expected, as messages of the pages; it knows English only. */
import type { MessageKey } from "../i18n/language";

const EXPECTED: readonly (readonly [RegExp, MessageKey])[] = [
  [/^AND, OR or the end$/, "fault.joiner"],
  [/^AND, OR or the \)/, "fault.bracket"],
  [/^a comparison such as/, "fault.comparison"],
  [/^(?:an operator such as|one of = )/, "fault.operator"],
  [/^an operator and a value$/, "fault.operatorValue"],
  [/^IN;/, "fault.notIn"],
  [/^NULL/, "fault.null"],
  [/^a value$/, "fault.value"],
  [/^a list such as/, "fault.list"],
  [/^(?:a value|,) or \)$/, "fault.listGoesOn"],
  [/^a number without quotes$/, "fault.number"],
  [/^milliseconds/, "fault.time"],
];

/** Null for words that have no message. */
export function expectedWord(expected: string): MessageKey | null {
  return EXPECTED.find(([pattern]) => pattern.test(expected))?.[1] ?? null;
}
