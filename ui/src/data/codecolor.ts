/** The parts of program texts and settings that are coloured: by one pass of one expression per language, over the whole text. */

export type Part = "comment" | "string" | "number" | "keyword" | "name" | "heading";

/** A piece of a line; plain text where it has no part. */
export interface Piece {
  part: Part | null;
  text: string;
}

export type Language = "python" | "json" | "yaml" | "toml" | "markdown" | "shell";

/** Characters; a longer text stays plain. */
export const MOST_COLORED = 1_000_000;

/** Tried in this order at each place. None may look far for what it does not find: a file may be one hostile line. */
type Rules = readonly (readonly [Part, RegExp])[];

const NUMBER = /(?<![\p{L}\w.])[+-]?(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?j?)(?![\p{L}\w])/u;
const QUOTED = /"(?:\\[^\n]|[^"\\\n])*"?|'(?:\\[^\n]|[^'\\\n])*'?/;
/** A comment from a # that begins a word. */
const HASH = /(?:(?<=^|\s)#)[^\n]*/;

const words = (text: string) => new RegExp(`(?<![\\p{L}\\w.-])(?:${text.replaceAll(" ", "|")})(?![\\p{L}\\w-])`);

const RULES: Record<Language, Rules> = {
  python: [
    ["comment", /#[^\n]*/],
    ["string", /(?<![\p{L}\w])[rbfuRBFU]{0,2}(?:"""[^]*?(?:"""|$(?![^]))|'''[^]*?(?:'''|$(?![^])))/u],
    ["string", new RegExp(`(?<![\\p{L}\\w])[rbfuRBFU]{0,2}(?:${QUOTED.source})`)],
    ["name", /^[ \t]*@[\w.]+|(?=[\p{L}_])(?<=\b(?:def|class)[ \t]+)[\p{L}\w]+/u],
    [
      "keyword",
      words(
        "and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try type while with yield",
      ),
    ],
    ["number", words("True False None self cls")],
    ["number", NUMBER],
  ],
  json: [
    ["name", /"(?:\\[^\n]|[^"\\\n])*"(?=\s*:)/],
    ["string", /"(?:\\[^\n]|[^"\\\n])*"?/],
    ["number", words("true false null NaN Infinity")],
    ["number", NUMBER],
  ],
  yaml: [
    ["comment", HASH],
    ["heading", /^(?:---|\.\.\.)(?=\s|$)/],
    ["name", /(?=[^\s#[{&*!|>%@`,\-:])(?<=^[ \t]*(?:- +)*)(?:"[^"\n]*"|'[^'\n]*'|[^"'\n:#][^\n:#]*?)(?=[ \t]*:(?:[ \t]|$))/],
    ["string", /(?<=[\s[{,:(]|^)(?:"(?:\\[^]|[^"\\])*"?|'(?:''|[^'])*'?)/],
    ["keyword", /(?<=\s)[&*!][\w!./-]+/],
    ["number", words("true false null yes no True False Null ~")],
    ["number", /(?<=[\s[,:])[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?=\s|$|[\],}])/],
  ],
  toml: [
    ["comment", /(?<=^|\s)[#;][^\n]*/],
    ["heading", /^[ \t]*\[[^\n]*\]/],
    ["name", /^[ \t]*[\w."'-]+(?=[ \t]*[=:])/],
    ["string", /"""[^]*?(?:"""|$(?![^]))|'''[^]*?(?:'''|$(?![^]))/],
    ["string", QUOTED],
    ["number", words("true false inf nan")],
    ["number", /(?<![\w.])[+-]?\d[\d_]*(?:[-:.]\d+)*(?:[eE][+-]?\d+)?(?![\w.])/],
  ],
  markdown: [
    ["string", /^[ \t]*(?<fence>`{3,}|~{3,})[^]*?(?:^[ \t]*\k<fence>|$(?![^]))/],
    ["heading", /^#{1,6}[ \t][^\n]*/],
    ["comment", /^[ \t]*>[^\n]*|<!--[^]*?(?:-->|$(?![^]))/],
    ["keyword", /^[ \t]*(?:[-*+]|\d+[.)])(?=[ \t])/],
    ["string", /`[^`\n]+`/],
    ["name", /!?\[[^\]\n]{0,300}\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,300}\])/],
  ],
  shell: [
    ["comment", HASH],
    ["string", /"(?:\\[^]|[^"\\])*"?|'[^']*'?/],
    ["name", /\$(?:\{[^}\n]*\}?|\([\w-]+|[\w@#?*!$-])[\w]*|^[ \t]*(?:export[ \t]+)?[A-Za-z_]\w*(?==)/],
    [
      "keyword",
      words(
        "if then else elif fi for in do done while until case esac function return exit export local set unset source cd FROM RUN COPY ADD CMD ENTRYPOINT ENV ARG WORKDIR EXPOSE USER VOLUME LABEL",
      ),
    ],
    ["number", /(?<=\s)--?[A-Za-z][\w-]*/],
  ],
};

const NAMES: readonly (readonly [Language, RegExp])[] = [
  ["python", /\.(?:py|pyi|pyw)$/i],
  ["json", /\.(?:json|jsonl|ndjson|geojson|ipynb)$/i],
  ["yaml", /(?:^|\/)(?:MLmodel|MLproject)$|\.ya?ml$/],
  ["toml", /\.(?:toml|ini|cfg|conf|properties)$|(?:^|\/)(?:uv|poetry|Pipfile)\.lock$|(?:^|\/)Pipfile$/i],
  ["markdown", /\.(?:md|markdown)$/i],
  ["shell", /\.(?:sh|bash|zsh|env)$|(?:^|\/)(?:Dockerfile|\.env)$/i],
];

/** The language of a file, by its name; null where none is known. */
export function languageOf(path: string): Language | null {
  return NAMES.find(([, name]) => name.test(path))?.[0] ?? null;
}

const WORDS: Record<string, Language> = {
  py: "python",
  python: "python",
  python3: "python",
  json: "json",
  yaml: "yaml",
  yml: "yaml",
  toml: "toml",
  ini: "toml",
  md: "markdown",
  markdown: "markdown",
  sh: "shell",
  bash: "shell",
  shell: "shell",
  console: "shell",
};

/** The language that a fence of Markdown names. */
export function languageNamed(word: string): Language | null {
  return Object.hasOwn(WORDS, word.toLowerCase()) ? (WORDS[word.toLowerCase()] ?? null) : null;
}

interface Scanner {
  pattern: RegExp;
  parts: readonly Part[];
}

const scanners = new Map<Language, Scanner>();

function scannerOf(language: Language): Scanner {
  const known = scanners.get(language);
  if (known) return known;
  const rules = RULES[language];
  const source = rules.map(([, rule], index) => `(?<r${index}>${rule.source})`).join("|");
  const scanner = { pattern: new RegExp(source, "gmu"), parts: rules.map(([part]) => part) };
  scanners.set(language, scanner);
  return scanner;
}

/** The lines of a text in coloured pieces. */
export function colored(text: string, language: Language): Piece[][] {
  const lines: Piece[][] = [[]];
  const add = (part: Part | null, piece: string) => {
    for (const [index, line] of piece.split("\n").entries()) {
      if (index > 0) lines.push([]);
      const clean = line.endsWith("\r") ? line.slice(0, -1) : line;
      if (clean) lines.at(-1)?.push({ part, text: clean });
    }
  };
  if (text.length > MOST_COLORED) {
    add(null, text);
    return lines;
  }
  const { pattern, parts } = scannerOf(language);
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    if (!match[0]) continue;
    if (match.index > done) add(null, text.slice(done, match.index));
    const rule = parts.findIndex((_part, index) => match.groups?.[`r${index}`] !== undefined);
    add(parts[rule] ?? null, match[0]);
    done = match.index + match[0].length;
  }
  if (done < text.length) add(null, text.slice(done));
  return lines;
}
