import { describe, expect, it } from "vitest";
import { assignStyles, GREY, rememberedStyles, rememberStyles, STYLES } from "../src/data/runstyles";

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `r${index + from}`);

describe("styles of runs", () => {
  it("differ as long as there are any, then are grey", () => {
    const styles = assignStyles(ids(STYLES + 3), new Map());
    const used = [...styles.values()];
    expect(new Set(used.slice(0, STYLES)).size).toBe(STYLES);
    expect(used.slice(STYLES)).toEqual([GREY, GREY, GREY]);
  });

  it("stay when the list is sorted or filtered, and never meet", () => {
    const before = assignStyles(ids(20), new Map());
    const after = assignStyles([...ids(5, 100), ...ids(10, 5).toReversed()], before);
    for (const id of ids(10, 5)) expect(after.get(id)).toBe(before.get(id));
    expect(new Set(after.values()).size).toBe(after.size);
  });

  it("are remembered", () => {
    rememberStyles("exp", new Map([["a", 3], ["b", GREY]]));
    rememberStyles("exp", new Map([["c", 4]]));
    expect(rememberedStyles("exp")).toEqual(new Map([["c", 4], ["a", 3]]));
    localStorage.setItem("clew.styles.broken", "{");
    expect(rememberedStyles("broken").size).toBe(0);
  });
});
