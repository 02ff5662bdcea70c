import { describe, expect, it } from "vitest";
import { groupByFolder, splitPath } from "../src/data/folders";
import { redirectOf } from "../src/data/redirect";

describe("links that MLflow's clients print", () => {
  it.each([
    ["#/experiments/12/runs/ab12cd", "runs/ab12cd"],
    ["#/experiments/12", "experiments/12/runs"],
    ["#/experiments/12?searchFilter=metrics.a%20%3E%201", "experiments/12/runs?q=metrics.a+%3E+1"],
    ["#/experiments/12/runs/ab12cd/artifacts/model/MLmodel", "runs/ab12cd/artifacts/model/MLmodel"],
    ["#/experiments/12/runs/ab12cd/model-metrics", "runs/ab12cd/metrics"],
    ['#/compare-runs?runs=["ab1","cd2"]&experiments=["12"]', "compare?runs=ab1,cd2"],
    ["#/compare-runs?runs=%5B%22ab1%22%2C%22cd2%22%5D", "compare?runs=ab1,cd2"],
    ["#/", "experiments"],
    ["#/models/anything", "experiments"],
  ])("%s leads to %s", (hash, path) => expect(redirectOf(hash)).toBe(path));

  it("leaves other fragments alone", () => {
    expect(redirectOf("")).toBeNull();
    expect(redirectOf("#L10")).toBeNull();
  });
});

describe("experiment folders", () => {
  it("split at the last slash that has something on both sides", () => {
    expect(splitPath("a/b/c")).toEqual({ folder: "a/b/", name: "c" });
    expect(splitPath("/a")).toEqual({ folder: "", name: "/a" });
    expect(splitPath("a/")).toEqual({ folder: "", name: "a/" });
  });

  it("keep the order of their first item", () => {
    const groups = groupByFolder(["v/b", "x", "v/a", "t/c"], (name) => name);
    expect(groups.map((group) => [group.folder, group.items])).toEqual([
      ["v/", ["v/b", "v/a"]],
      ["", ["x"]],
      ["t/", ["t/c"]],
    ]);
  });
});
