import { describe, expect, it } from "vitest";
import { colored, languageNamed, languageOf, MOST_COLORED, type Language, type Part } from "../src/data/codecolor";

/** Each coloured piece as "part:text". */
const pieces = (text: string, language: Language) =>
  colored(text, language)
    .flat()
    .filter((piece) => piece.part !== null)
    .map((piece) => `${piece.part}:${piece.text}`);
const all = (text: string, language: Language, part: Part) =>
  pieces(text, language)
    .filter((piece) => piece.startsWith(`${part}:`))
    .map((piece) => piece.slice(part.length + 1));

const LANGUAGES: readonly Language[] = ["python", "json", "yaml", "toml", "markdown", "shell"];

describe("parts of a text", () => {
  it("finds names, words, texts and numbers of Python", () => {
    const text = '@clew.trace\nasync def fit(x: float = 1e-3) -> None:  # a # b\n    return f"{x} # no" + rb\'\\\'\' if x in (0x1F, .5) else self\n';
    expect(pieces(text, "python")).toEqual([
      "name:@clew.trace",
      "keyword:async",
      "keyword:def",
      "name:fit",
      "number:1e-3",
      "number:None",
      "comment:# a # b",
      "keyword:return",
      'string:f"{x} # no"',
      "string:rb'\\''",
      "keyword:if",
      "keyword:in",
      "number:0x1F",
      "number:.5",
      "keyword:else",
      "number:self",
    ]);
  });
  it("colours each line of a text that goes over several, closed or not", () => {
    expect(all('"""One.\n\nTwo # three\n"""\nx = 1', "python", "string")).toEqual(['"""One.', "Two # three", '"""']);
    expect(all("x = '''open\nstill", "python", "string")).toEqual(["'''open", "still"]);
    expect(all("x = 'open\ny = 2", "python", "string")).toEqual(["'open"]);
  });
  it("takes no digits out of words, and no words out of names", () => {
    expect(pieces("x1 = model.in_ + a2b.for", "python")).toEqual([]);
  });
  it("tells keys of JSON from texts", () => {
    expect(pieces('{"a\\"b": ["c", -1.5e3, true, null]}', "json")).toEqual(['name:"a\\"b"', 'string:"c"', "number:-1.5e3", "number:true", "number:null"]);
  });
  it("reads YAML as MLmodel has it", () => {
    const text = "flavors:\n  python_function:\n    env: 'a: b' # why\n- name: x\n  n: 12\n  on: true\n  url: http://a/b#c\n";
    expect(pieces(text, "yaml")).toEqual([
      "name:flavors",
      "name:python_function",
      "name:env",
      "string:'a: b'",
      "comment:# why",
      "name:name",
      "name:n",
      "number:12",
      "name:on",
      "number:true",
      "name:url",
    ]);
  });
  it("reads TOML and INI", () => {
    expect(pieces('[tool.x]\nname = "a" # b\nlist = [1, 2.5]\non = true\n; c\n', "toml")).toEqual([
      "heading:[tool.x]",
      "name:name",
      'string:"a"',
      "comment:# b",
      "name:list",
      "number:1",
      "number:2.5",
      "name:on",
      "number:true",
      "comment:; c",
    ]);
  });
  it("reads Markdown with its fences", () => {
    const text = "# Title\n\n- an `x` and [y](z)\n\n```python\n# no title\n```\n> said\n";
    expect(pieces(text, "markdown")).toEqual(["heading:# Title", "keyword:-", "string:`x`", "name:[y](z)", "string:```python", "string:# no title", "string:```", "comment:> said"]);
  });
  it("reads shell", () => {
    expect(pieces('LR=1 # one\nif [ -n "$LR" ]; then train --lr $LR; fi\n', "shell")).toEqual([
      "name:LR",
      "comment:# one",
      "keyword:if",
      "number:-n",
      'string:"$LR"',
      "keyword:then",
      "number:--lr",
      "name:$LR",
      "keyword:fi",
    ]);
  });
  it("loses no character and keeps the lines", () => {
    const odd = "a\r\n\n\t'\"\"\"'#{[:\n``` é 漢字 \u{1F600}\n\\\n";
    for (const language of LANGUAGES) {
      const lines = colored(odd, language).map((line) => line.map((piece) => piece.text).join(""));
      expect(lines).toEqual(odd.split(/\r?\n/));
    }
  });
  it("leaves very long texts plain, and long ones are read at once", () => {
    expect(colored("x".repeat(MOST_COLORED + 1), "python")).toEqual([[{ part: null, text: "x".repeat(MOST_COLORED + 1) }]]);
    for (const text of ['"'.repeat(20_000), "a:".repeat(20_000), "(".repeat(20_000), "`".repeat(20_000), "- ".repeat(20_000), " ".repeat(20_000)]) {
      for (const language of LANGUAGES) expect(colored(text, language)).toHaveLength(1);
    }
  });
});

describe("languages", () => {
  it("are told by the name of a file, or by a word", () => {
    expect(["a/train.py", "x.ipynb", "m/MLmodel", "pyproject.toml", "README.md", "run.sh", "Dockerfile", "a.txt"].map(languageOf)).toEqual([
      "python",
      "json",
      "yaml",
      "toml",
      "markdown",
      "shell",
      "shell",
      null,
    ]);
    expect(["Python", "yml", "constructor", ""].map(languageNamed)).toEqual(["python", "yaml", null, null]);
  });
});
