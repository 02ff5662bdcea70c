// A small stand-in for the server's filter language: terms joined by "and".
const TOKEN = /\s*(?:(and)\b|(!=|<=|>=|=|<|>|~)|"((?:[^"])*)"|'([^']*)'|(-?\d+(?:\.\d+)?(?:e-?\d+)?)|([A-Za-z_]+(?:\.(?:`[^`]+`|"[^"]+"|[\w/.-]+))?))/iy;

/** A filter as a list of terms; throws {position, message, expected}. */
export function parse(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const position = TOKEN.lastIndex + (text.slice(TOKEN.lastIndex).match(/^\s*/)?.[0].length ?? 0);
    const match = TOKEN.exec(text);
    if (!match) throw { position, message: `Unexpected '${text[position]}'`, expected: "a key, an operator or a value" };
    const [, and, op, double, single, number, key] = match;
    const kind = and ? "and" : op ? "op" : number ? "number" : key ? "key" : "string";
    tokens.push({ kind, position, value: and ?? op ?? double ?? single ?? number ?? key });
  }
  const terms = [];
  for (let at = 0; at < tokens.length; at += 4) {
    const [key, op, value, and] = tokens.slice(at, at + 4);
    const need = (token, kinds, words) => {
      if (token && kinds.includes(token.kind)) return;
      throw { position: token?.position ?? text.length, message: token ? `Found '${token.value}'` : "The filter ends here", expected: words };
    };
    need(key, ["key"], "a key such as metrics.loss");
    need(op, ["op"], "an operator after the key");
    need(value, ["number", "string"], `a value after '${op.value}'`);
    if (and) need(and, ["and"], "'and' or the end");
    if (and && at + 4 >= tokens.length) need(undefined, ["key"], "a condition after 'and'");
    terms.push({ key: key.value, op: op.value, value: value.kind === "number" ? Number(value.value) : value.value });
  }
  return terms;
}

/** What a key such as "metrics.val/acc" is in a run. */
export function valueOf(run, key) {
  const [, kind = "", quoted] = key.match(/^(params|metrics|tags|attributes)\.(.+)$/) ?? [];
  const name = (quoted ?? key).replace(/^[`"]|[`"]$/g, "");
  if (kind === "" || kind === "attributes") return run.info[name];
  return run[kind][name];
}

export function matches(run, terms) {
  return terms.every(({ key, op, value }) => {
    const raw = valueOf(run, key);
    if (raw === undefined) return false;
    const own = typeof value === "number" ? Number(raw) : String(raw);
    return { "=": own === value, "!=": own !== value, "<": own < value, "<=": own <= value, ">": own > value, ">=": own >= value, "~": String(own).includes(value) }[op];
  });
}

/** Runs in the order of "metrics.`val/acc` DESC"; NaN and absent ones last. */
export function sorted(runs, orderBy) {
  const [, key, way] = orderBy?.match(/^(.*?)(?:\s+(ASC|DESC))?$/i) ?? [];
  if (!key || key === "attributes.start_time") return way === "ASC" ? runs.toReversed() : runs;
  const sign = way === "DESC" ? -1 : 1;
  const rank = (run) => {
    const raw = valueOf(run, key);
    if (raw === undefined || raw === "NaN") return null;
    return Number.isNaN(Number(raw)) ? String(raw) : Number(raw);
  };
  return runs
    .map((run) => [rank(run), run])
    .toSorted(([a], [b]) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : a < b ? -sign : a > b ? sign : 0))
    .map(([, run]) => run);
}
