import { describe, expect, it } from "vitest";
import { groupByFolder, splitPath } from "../src/data/folders";
import { redirectOf } from "../src/data/redirect";

describe("links that MLflow's clients print", () => {
  it.each([
    ["#/experiments/12/runs/ab12cd", "runs/ab12cd"],
    ["#/experiments/12", "experiments/12/runs"],
    ["#/experiments/12?searchFilter=x", "experiments/12/runs"],
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
