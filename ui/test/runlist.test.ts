import { beforeEach, describe, expect, it } from "vitest";
import { addedAddress, forgetCompared, lastComparison, rememberComparison, decodeComparison } from "../src/data/comparison";
import { keepRunList, placeInList } from "../src/data/runlist";

beforeEach(() => sessionStorage.clear());

describe("the list that a run was opened from", () => {
  it("says what stands before and after the run", () => {
    keepRunList("/experiments/1/runs?q=x", ["a", "b", "c"], "b");
    expect(placeInList("a")).toEqual({ page: "/experiments/1/runs?q=x", before: undefined, after: "b" });
    expect(placeInList("b")).toMatchObject({ before: "a", after: "c" });
    expect(placeInList("z")).toBeNull();
  });

  it("keeps the surroundings of a run of a long list", () => {
    const ids = Array.from({ length: 2000 }, (_, index) => `r${index}`);
    keepRunList("/", ids, "r1000");
    expect(placeInList("r1000")).toMatchObject({ before: "r999", after: "r1001" });
    expect(placeInList("r10")).toBeNull();
  });

  it("is nothing where what was kept cannot be read", () => {
    sessionStorage.setItem("clew.list", "{");
    expect(placeInList("a")).toBeNull();
  });
});

describe("what was compared last", () => {
  it("takes one more run", () => {
    expect(addedAddress("c", lastComparison())).toBeNull();
    rememberComparison(decodeComparison("runs=a,b&base=b"));
    expect(addedAddress("c", lastComparison())).toBe("/compare?runs=a,b,c&base=b");
    expect(addedAddress("a", lastComparison())).toBeNull();
  });

  it("forgets runs that were deleted", () => {
    rememberComparison(decodeComparison("runs=a,b,c&base=b&all=1"));
    forgetCompared(["b", "x"]);
    expect(lastComparison()).toEqual({ runs: ["a", "c"], base: null, tab: "values", all: true });
  });
});
