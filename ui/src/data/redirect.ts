/** The addresses that MLflow's clients print, as ours. */

const RULES: readonly (readonly [RegExp, (match: RegExpMatchArray) => string])[] = [
  [/^\/experiments\/(\d+)\/runs\/([\w-]+)/, (match) => `runs/${match[2]}`],
  [/^\/experiments\/(\d+)/, (match) => `experiments/${match[1]}/runs`],
  [/^\/runs\/([\w-]+)/, (match) => `runs/${match[1]}`],
  [/^\/(?:experiments)?\/?$/, () => "experiments"],
];

/** The path below the base that a hash such as "#/experiments/1/runs/ab" stands for; null when it is not one of MLflow's. */
export function redirectOf(hash: string): string | null {
  if (!hash.startsWith("#/")) return null;
  const path = hash.slice(1).split("?", 1)[0] ?? "";
  for (const [pattern, target] of RULES) {
    const match = path.match(pattern);
    if (match) return target(match);
  }
  return "experiments";
}
