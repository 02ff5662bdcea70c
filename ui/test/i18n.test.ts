import { describe, expect, it } from "vitest";
import en from "../src/i18n/en.json";
import zh from "../src/i18n/zh-CN.json";
import { format } from "../src/i18n/message";
import { expectedWord } from "../src/parts/faultWords";

const sources = import.meta.glob("../src/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
const names = (message: string) => new Set([...message.matchAll(/\{(\w+)/g)].map((match) => match[1]));

describe("catalogues", () => {
  it("have the same keys in every language", () => {
    expect(Object.keys(zh).toSorted()).toEqual(Object.keys(en).toSorted());
  });

  it("use the same values in every language", () => {
    const plural = new Set(["one", "other"]);
    for (const [key, message] of Object.entries(en)) {
      const translated = names(zh[key as keyof typeof zh]);
      const wanted = [...names(message)].filter((name) => !plural.has(name ?? ""));
      expect([...translated].toSorted(), key).toEqual(wanted.toSorted());
    }
  });

  it("hold no message that no page uses", () => {
    const code = Object.values(sources).join("\n");
    const unused = Object.keys(en).filter((key) => !code.includes(`"${key}"`) && !key.startsWith("run.tab."));
    expect(unused).toEqual([]);
  });
});

describe("messages", () => {
  it("choose the plural of the language", () => {
    const message = "{n, plural, one {# run} other {# runs}} in {name}";
    expect(format(message, { n: 1, name: "x" }, "en")).toBe("1 run in x");
    expect(format(message, { n: 12_431, name: "x" }, "en")).toBe("12,431 runs in x");
    expect(format("{n, plural, =0 {none} other {#}}", { n: 0 }, "en")).toBe("none");
  });
});

describe("faults of a filter", () => {
  it("are said in the language of the page, where the parser's words are known", () => {
    expect(expectedWord("a value")).toBe("fault.value");
    expect(expectedWord("AND, OR or the ) that closes position 3")).toBe("fault.bracket");
    expect(expectedWord("one of = != > >= < <= ~ LIKE ILIKE RLIKE IN IS")).toBe("fault.operator");
    expect(expectedWord("something new")).toBeNull();
  });
});
