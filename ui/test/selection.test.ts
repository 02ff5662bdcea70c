import { describe, expect, it } from "vitest";
import { EVERYTHING, isSelected, NOTHING, selectedCount, toggled, withRuns } from "../src/data/selection";

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
});
