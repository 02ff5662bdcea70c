/** Messages with values and plurals: "{n, plural, one {# run} other {# runs}} of {name}". */

export type Values = Record<string, string | number>;

const PLURAL = /\{(\w+), plural,((?:[^{}]|\{[^{}]*\})*)\}/g;
const BRANCH = /(=?\w+)\s*\{([^{}]*)\}/g;
const VALUE = /\{(\w+)\}/g;

/** The message with its values put in; numbers are written as the language writes them. */
export function format(message: string, values: Values, locale: string): string {
  const written = (value: string | number | undefined) =>
    typeof value === "number" ? value.toLocaleString(locale) : (value ?? "");
  return message
    .replace(PLURAL, (_all, name: string, body: string) => {
      const count = Number(values[name] ?? 0);
      const branches = new Map([...body.matchAll(BRANCH)].map((branch) => [branch[1] ?? "", branch[2] ?? ""]));
      const category = new Intl.PluralRules(locale).select(count);
      const text = branches.get(`=${count}`) ?? branches.get(category) ?? branches.get("other") ?? "";
      return text.replaceAll("#", written(count));
    })
    .replace(VALUE, (_all, name: string) => written(values[name]));
}
