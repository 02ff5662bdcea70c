import { describe, expect, it } from "vitest";
import { decodeSelection, encodeSelection, EVERYTHING, isSelected, NOTHING, selectedCount, toggled, withRuns } from "../src/data/selection";

describe("selected runs", () => {
  it("are picked one by one", () => {
    const one = toggled(NOTHING, "a");
    expect([isSelected(one, "a"), isSelected(one, "b"), selectedCount(one, 9)]).toEqual([true, false, 1]);
    expect(selectedCount(toggled(one, "a"), 9)).toBe(0);
  });

  it("are all that match, without some", () => {
    const most = withRuns(EVERYTHING, ["a", "b"], false);
    expect([isSelected(most, "a"), isSelected(most, "c"), selectedCount(most, 9)]).toEqual([false, true, 7]);
    expect(selectedCount(withRuns(most, ["a"], true), 9)).toBe(8);
  });

  it("stand in the address as far as there is room", () => {
    for (const selection of [NOTHING, EVERYTHING, toggled(NOTHING, "a"), withRuns(EVERYTHING, ["a", "b"], false)]) {
      expect(decodeSelection(encodeSelection(selection))).toEqual(selection);
    }
    expect(encodeSelection(withRuns(NOTHING, Array.from({ length: 41 }, (_, n) => `r${n}`), true))).toBeNull();
    expect(decodeSelection("a,<b>,").ids).toEqual(new Set(["a"]));
  });
});
