import { describe, expect, it } from "vitest";
import { lastParts, lineFinder } from "../src/data/logparts";
import { commands, commitPage, optionsOf, shellWord } from "../src/data/reproduce";
import { imageOf, readDelimited, readJsonLines, tableOf } from "../src/data/delimited";
import { kindOf } from "../src/data/filekind";
import { readLines, writeLines } from "../src/data/linerange";
import { fileBeside, inline, readMarkdown } from "../src/data/markdown";
import { readNotebook } from "../src/data/notebook";
import { readPatch } from "../src/data/patch";
import { piecesOf, shownLines, withoutCodes } from "../src/data/terminal";

describe("the kind of a file", () => {
  it.each([
    ["a/report.html", "page"],
    ["clew/histograms/w+step+1+timestamp+2+ab.json", "histogram"],
    ["metrics.json", "json"],
    ["picture.SVG", "image"],
    ["model/MLmodel", "text"],
    ["weights.bin", "other"],
    ["page.html.bin", "other"],
  ])("%s is %s", (path, kind) => expect(kindOf(path)).toBe(kind));
});

describe("lines in an address", () => {
  it("reads what it writes", () => {
    for (const range of [{ first: 10, last: 20 }, { first: 3, last: 3 }]) expect(readLines(writeLines(range))).toEqual(range);
    expect(readLines("#L20-L10")).toEqual({ first: 10, last: 20 });
  });
  it.each(["", "#top", "#L0", "#L1x"])("%s names none", (hash) => expect(readLines(hash)).toBeNull());
});

describe("delimited text", () => {
  it("keeps separators, quotes and line ends inside quotes", () => {
    const { head, rows, cut } = readDelimited('\uFEFFa,b\r\n"1,5","say ""hi""\nthere"\n,x', ",", 10);
    expect(head).toEqual(["a", "b"]);
    expect(rows).toEqual([
      ["1,5", 'say "hi"\nthere'],
      ["", "x"],
    ]);
    expect(cut).toBe(false);
  });
  it("leaves out the row that the first part of a file breaks off", () => {
    expect(readDelimited("a\tb\n1\t2\n3\t", "\t", 10, false)).toEqual({ head: ["a", "b"], rows: [["1", "2"]], cut: true });
  });
  it("stops at the most rows", () => {
    const { rows, cut } = readDelimited("a\n1\n2\n3\n", ",", 2);
    expect([rows.length, cut]).toEqual([2, true]);
  });
});

describe("tables in JSON", () => {
  it("reads what log_table writes, with images in cells", () => {
    const table = tableOf({ columns: ["text", "image"], data: [["007", { type: "image", filepath: "table_images/a.png" }]] }, 10);
    expect(table?.head).toEqual(["text", "image"]);
    expect(imageOf(table?.rows[0]?.[1])).toBe("table_images/a.png");
  });
  it("joins the keys of objects", () => {
    expect(tableOf(readJsonLines('{"a": 1}\nbroken\n{"b": 2}\n'), 10)?.rows).toEqual([
      [1, undefined],
      [undefined, 2],
    ]);
  });
  it("is none for other values", () => {
    for (const value of [1, [], [1, 2], { columns: 3 }, null, [null]]) expect(tableOf(value, 10)).toBeNull();
  });
});

describe("Markdown", () => {
  it("reads blocks", () => {
    const kinds = readMarkdown("# T\n\ntext\nmore\n\n- a\n  - b\n- c\n\n```py\nx = 1\n```\n> q\n\n|a|b|\n|-|-|\n|1|2|\n\n---\n").map((block) => block.kind);
    expect(kinds).toEqual(["heading", "paragraph", "list", "code", "quote", "table", "rule"]);
  });
  it("nests lists", () => {
    const [list] = readMarkdown("1. a\n   - b\n2. c");
    expect(list).toMatchObject({ kind: "list", ordered: true, items: [[{ kind: "paragraph" }, { kind: "list" }], [{ kind: "paragraph" }]] });
  });
  it("leaves HTML as text", () => {
    expect(readMarkdown("<script>alert(1)</script>")).toEqual([
      { kind: "paragraph", children: [{ kind: "text", text: "<script>alert(1)</script>" }] },
    ]);
  });
  it("follows only addresses of pages", () => {
    expect(inline("[x](javascript:alert(1))").some((span) => span.kind === "link")).toBe(false);
    expect(inline("[x](data:text/html,1)").some((span) => span.kind === "link")).toBe(false);
    expect(inline("**[x](https://e.org/a)**")).toEqual([
      { kind: "strong", children: [{ kind: "link", href: "https://e.org/a", children: [{ kind: "text", text: "x" }] }] },
    ]);
  });
  it("does not take names for emphasis", () => {
    expect(inline("learning_rate_max 2*3*4 `a*b*`")).toContainEqual({ kind: "code", text: "a*b*" });
    expect(inline("learning_rate_max")).toEqual([{ kind: "text", text: "learning_rate_max" }]);
  });
  it("finds images only among the run's files", () => {
    expect(fileBeside("docs/a.md", "../plots/x.png")).toBe("plots/x.png");
    for (const source of ["https://e.org/x.png", "//e.org/x.png", "../../x.png", "data:image/png;base64,aa"]) expect(fileBeside("docs/a.md", source)).toBeNull();
  });
});

describe("notebooks", () => {
  it("keeps texts and pictures and leaves HTML out", () => {
    const cells = readNotebook(
      JSON.stringify({
        cells: [
          { cell_type: "markdown", source: ["# A\n", "b"] },
          {
            cell_type: "code",
            execution_count: 2,
            source: "x",
            outputs: [
              { output_type: "stream", text: ["one\n"] },
              { output_type: "display_data", data: { "image/png": "aGk=\n", "text/html": "<b>" } },
              { output_type: "display_data", data: { "text/html": "<script>" } },
            ],
          },
        ],
      }),
    );
    expect(cells?.[0]).toMatchObject({ kind: "markdown", source: "# A\nb" });
    expect(cells?.[1]?.outputs).toEqual([
      { kind: "text", text: "one\n" },
      { kind: "image", text: "data:image/png;base64,aGk=" },
      { kind: "left", text: "text/html" },
    ]);
  });
  it("is null for other files", () => {
    for (const text of ["", "{", "[]", '{"cells": 1}']) expect(readNotebook(text)).toBeNull();
  });
});

describe("what programs print", () => {
  it("shows the last state of a line that was overwritten", () => {
    expect(shownLines("10%\r50%\r100%\ndone\r\n\n")).toEqual(["100%", "done", ""]);
  });
  it("tells colours apart and drops other codes", () => {
    expect(piecesOf("a\u001B[1;31mb\u001B[0mc\u001B[2K")).toEqual([
      { text: "a", color: null, bold: false },
      { text: "b", color: 1, bold: true },
      { text: "c", color: null, bold: false },
    ]);
    expect(piecesOf("\u001B[38;5;9mx\u001B[38;2;1;2;31my").map((piece) => piece.color)).toEqual([9, null]);
    expect(withoutCodes("\u001B]0;title\u0007x\u001B[?25l")).toBe("x");
  });
});

describe("patches", () => {
  it("are read file by file", () => {
    const git = "diff --git a/x.py b/x.py\nindex 1..2\n--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n-a\n--- sql comment\n+b\n same\ndiff --git a/y b/y\nBinary files differ\n";
    expect(readPatch(git).map(({ name, added, removed }) => [name, added, removed])).toEqual([
      ["x.py", 1, 2],
      ["y", 0, 0],
    ]);
    const plain = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n-c\n+d\n";
    expect(readPatch(plain).map(({ name, added, removed }) => [name, added, removed])).toEqual([
      ["x", 1, 1],
      ["y", 1, 1],
    ]);
  });
});

describe("a run's console", () => {
  const files = ["000003", "000001", "000002"].map((name) => ({ path: `c/${name}.log`, size: 400 }));
  it("begins with the newest pieces, in order", () => {
    expect(lastParts(files, 900)).toEqual({ parts: [files[2], files[0]], earlier: 1 });
    expect(lastParts(files, 10).parts).toEqual([files[0]]);
    expect(lastParts([], 10)).toEqual({ parts: [], earlier: 0 });
  });
  it("is searched by regular expressions, or by texts that are none", () => {
    expect(lineFinder("loss \\d")("Loss 3")).toBe(true);
    expect(lineFinder("a(b")("xA(B")).toBe(true);
    expect(lineFinder("a(b")("ab")).toBe(false);
  });
});

describe("commands that bring a run back", () => {
  it("quotes what a shell would read otherwise", () => {
    expect(shellWord("a b'c; rm -rf ~")).toBe("'a b'\\''c; rm -rf ~'");
    expect(optionsOf([{ key: "lr", value: "0.1" }, { key: "x", value: "$(id)" }])).toBe("--lr 0.1 --x '$(id)'");
  });
  it("names only what the run has", () => {
    expect(commands({ commit: "ab12", program: "train.py" })).toBe("git checkout ab12\npython -m venv .venv && . .venv/bin/activate\npython train.py");
    expect(commands({ repository: "git@github.com:a/b.git", commit: "c", patch: "http://h/p?a=1&b=2" })).toContain("curl -fsS 'http://h/p?a=1&b=2' | git apply");
  });
  it("knows a commit's page, without a password", () => {
    expect(commitPage("https://user:secret@github.com/a/b.git", "c1")).toBe("https://github.com/a/b/commit/c1");
    expect(commitPage("git@gitlab.com:a/b.git", "c1")).toBe("https://gitlab.com/a/b/-/commit/c1");
    expect(commitPage("/srv/repo", "c1")).toBeNull();
  });
});
