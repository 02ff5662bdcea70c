import { describe, expect, it } from "vitest";
import type { FilterSpan } from "../src/api/types";
import { looksWhole, adapted, allOf, completed, idTerm, quoteText, recentSuggestions, termsOf, toPoints, toUnits, valueTerm, withoutTerm } from "../src/data/filtertext";

import { recentFilters, rememberFilter } from "../src/data/recent";
import { searchCall } from "../src/data/pythoncall";

/** Spans as the server tells them of simple filters: every word, and brackets. */
function spans(text: string): FilterSpan[] {
  return [...text.matchAll(/'[^']*'|[()]|[^\s()]+/gu)].map((match) => {
    const start = Array.from(text.slice(0, match.index)).length;
    const kind = /^(?:and|or|not)$/i.test(match[0]) ? "keyword" : /[()]/.test(match[0]) ? "bracket" : "key";
    return { start, stop: start + [...match[0]].length, kind };
  });
}
const texts = (filter: string) => termsOf(filter, spans(filter)).map((term) => term.text);

describe("the terms of a filter", () => {
  it("are what stands between the ANDs at the top", () => {
    expect(texts("a = 1 and (b = 2 AND c = 3) And d IN ('x and y')")).toEqual(["a = 1", "(b = 2 AND c = 3)", "d IN ('x and y')"]);
  });

  it("are one where an OR stands at the top", () => {
    expect(texts("a = 1 OR b = 2 AND c = 3")).toEqual(["a = 1 OR b = 2 AND c = 3"]);
  });

  it("stand where the text says, whatever characters come before", () => {
    const filter = "name = '🦊🦊' AND b = 2";
    const [first, second] = termsOf(filter, spans(filter));
    expect(filter.slice(second?.start, second?.stop)).toBe("b = 2");
    expect(filter.slice(first?.start, first?.stop)).toBe("name = '🦊🦊'");
  });

  it("can be left out one by one", () => {
    const filter = "a = 1 and b = 2 AND c = 3";
    expect(withoutTerm(termsOf(filter, spans(filter)), 1)).toBe("a = 1 AND c = 3");
  });
});

describe("writing filters", () => {
  it("joins by AND, with brackets where an OR would be torn apart", () => {
    expect(allOf(["", "a = 1", " b = 2 "])).toBe("a = 1 AND b = 2");
    expect(allOf(["a = 1 or b = 2", "c = 3"])).toBe("(a = 1 or b = 2) AND c = 3");
    expect(allOf(["a = 1 or b = 2"])).toBe("a = 1 or b = 2");
  });

  it("quotes texts that hold quotes", () => {
    expect(quoteText("adam")).toBe("'adam'");
    expect(quoteText("it's")).toBe('"it\'s"');
    expect(quoteText(`a'b"c\\`)).toBe(`E'a\\'b"c\\\\'`);
  });

  it("compares numbers as numbers, texts as texts, and asks for absence", () => {
    expect(valueTerm("p.lr", "=", "0.1")).toBe("params.lr = '0.1'");
    expect(valueTerm("p.lr", "<=", "0.1")).toBe("params.lr <= 0.1");
    expect(valueTerm("max.val/acc", ">=", 0.5)).toBe("metrics.`val/acc`.max >= 0.5");
    expect(valueTerm("t.team", "!=", null)).toBe("tags.team IS NOT NULL");
    expect(valueTerm("d.name", "=", "wine")).toBe("dataset.name = 'wine'");
    expect(valueTerm("a.status", "=", "FAILED")).toBe("status = 'FAILED'");
    expect(idTerm(["a", "b"], "NOT IN")).toBe("run_id NOT IN ('a', 'b')");
  });
});

describe("the call in Python", () => {
  it("finds the same runs in the same order", () => {
    const scope = { experiment_ids: ["1"], filter: "params.o = 'a\"b'" };
    expect(searchCall(scope, ["metrics.`val/acc` DESC"])).toBe(
      [
        "import clew",
        "",
        "runs = clew.search_runs(",
        '    experiment_ids=["1"],',
        '    filter_string="params.o = \'a\\"b\'",',
        '    order_by=["metrics.`val/acc` DESC"],',
        ")",
      ].join("\n"),
    );
  });
});

describe("completions", () => {
  it("take the place that the server names, in code points, and leave the caret behind them", () => {
    const at = (text: string, completion: string, from: number, to: number, kind: "key" | "prefix" | "value" = "key") =>
      completed(text, { text: completion, kind, from, to });
    expect(at("🦊 lr", "params.lr", 2, 4)).toEqual({ text: "🦊 params.lr ", caret: 13 });
    expect(at("met", "metrics.", 0, 3, "prefix")).toEqual({ text: "metrics.", caret: 8 });
    expect(at("sta = 1", "status", 0, 3)).toEqual({ text: "status = 1", caret: 7 });
  });

  it("go on while the server is asked for new ones", () => {
    const value = (text: string) => ({ text, kind: "value" as const, from: 4, to: 4 });
    const list = [value("'adam'"), value("'adamw'"), value("'sgd'")];
    const left = adapted(list, "o = ", "o = 'AD", 7);
    expect(left.map((one) => [one.text, one.from, one.to])).toEqual([
      ["'adam'", 4, 7],
      ["'adamw'", 4, 7],
    ]);
    expect(completed("o = 'AD", left[0] ?? value(""))).toEqual({ text: "o = 'adam' ", caret: 11 });
    expect(adapted(list, "o = ", "p = ", 4)).toEqual([]);
    expect(adapted(list, "o = ", "o = 'sgd' ", 10)).toEqual([]);
    expect(adapted(list, "o = ", "o", 1)).toEqual([]);
  });

  it("may be a whole filter that was used before", () => {
    rememberFilter("7", "a = 1");
    rememberFilter("7", "b = 2");
    rememberFilter("7", "a = 1");
    rememberFilter("7", "");
    const [first, second] = recentSuggestions(recentFilters("7"));
    expect([first?.text, second?.text]).toEqual(["a = 1", "b = 2"]);
    expect(completed("", first ?? { text: "", kind: "recent", from: 0, to: 0 })).toEqual({ text: "a = 1", caret: 5 });
    expect(recentFilters("8")).toEqual([]);
  });

  it("counts as JavaScript and as the server does", () => {
    expect(toUnits("🦊a", 1)).toBe(2);
    expect(toPoints("🦊a", 2)).toBe(1);
  });
});

describe("a filter of the usual form", () => {
  it.each([
    "metrics.acc > 0.85",
    "metrics.`val/loss`.min <= 1e-3 and params.optimizer = 'adam' or status = 'FINISHED'",
    "params.lr<0.01",
    "params.name ILIKE '%a%'",
    "tags.team ~ \"search\"",
  ])("%s", (text) => expect(looksWhole(text)).toBe(true));
  it.each(["", "adam", "metrics.acc >", "metrics.acc > 'x'", "metrics.acc >> 1", "metrics.acc > 1 and", "params.a = 'b", "tags.team = 3", "(metrics.a > 1", "metrics.a > 1 metrics.b > 2"])(
    "is not: %s",
    (text) => expect(looksWhole(text)).toBe(false),
  );
  it("is told at once of a long text", () => {
    expect(looksWhole(`metrics.a > 1 and ${"metrics.a ".repeat(20_000)}`)).toBe(false);
  });
});
