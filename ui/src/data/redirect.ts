/** The addresses that MLflow's clients print, as ours. */

const RULES: readonly (readonly [RegExp, (match: RegExpMatchArray, query: URLSearchParams) => string])[] = [
  [/^\/experiments\/\d+\/runs\/([\w-]+)\/artifacts\/(.+)/, (match) => `runs/${match[1]}/artifacts/${match[2]}`],
  [/^\/experiments\/\d+\/runs\/([\w-]+)\/(?:model-metrics|metrics)/, (match) => `runs/${match[1]}/metrics`],
  [/^\/experiments\/\d+\/runs\/([\w-]+)\/artifacts/, (match) => `runs/${match[1]}/artifacts`],
  [/^\/experiments\/\d+\/runs\/([\w-]+)/, (match) => `runs/${match[1]}`],
  [/^\/experiments\/(\d+)/, (match, query) => `experiments/${match[1]}/runs${filterOf(query)}`],
  [/^\/compare-runs/, (_, query) => `compare?runs=${idsIn(query.get("runs")).join(",")}`],
  [/^\/runs\/([\w-]+)/, (match) => `runs/${match[1]}`],
  [/^\/(?:experiments)?\/?$/, () => "experiments"],
];

function filterOf(query: URLSearchParams): string {
  const filter = query.get("searchFilter");
  return filter ? `?${new URLSearchParams({ q: filter })}` : "";
}

/** MLflow writes the runs to compare as a JSON list. */
function idsIn(text: string | null): string[] {
  return [...(text ?? "").matchAll(/[\w-]+/g)].map((match) => match[0]);
}

/** The path below the base that a hash such as "#/experiments/1/runs/ab" stands for; null when it is not one of MLflow's. */
export function redirectOf(hash: string): string | null {
  if (!hash.startsWith("#/")) return null;
  const [path = "", query = ""] = hash.slice(1).split(/\?(.*)/s, 2);
  for (const [pattern, target] of RULES) {
    const match = path.match(pattern);
    if (match) return target(match, new URLSearchParams(query));
  }
  return "experiments";
}
