import { describe, expect, it } from "vitest";
import type { Run } from "../src/api/types";
import { compareAddress, decodeComparison, encodeComparison } from "../src/data/comparison";
import { bestOf, differences, diffRow, formatChange, packageRows, readPackages } from "../src/data/difference";
import { diffLines, withContext } from "../src/data/linediff";

const pairs = (values: Record<string, string>) => Object.entries(values).map(([key, value]) => ({ key, value }));

function run(id: string, params: Record<string, string>, metrics: Record<string, number | "NaN">, dataset: string): Run {
  return {
    info: { run_id: id, experiment_id: "1", status: "FINISHED", start_time: 1000, end_time: 3000 },
    data: {
      params: pairs(params),
      metrics: Object.entries(metrics).map(([key, value]) => ({ key, value })),
      tags: pairs({ team: "vision", "mlflow.source.git.commit": "abc" }),
    },
    inputs: { dataset_inputs: [{ tags: pairs({ "mlflow.data.context": "train" }), dataset: { name: dataset, digest: "d1" } }] },
  };
}

describe("differences of runs", () => {
  const sections = differences([
    run("a", { lr: "0.1", same: "1" }, { acc: 0.9, "system/cpu": 3 }, "wine"),
    run("b", { lr: "1e-1", same: "1", only: "x" }, { acc: 0.8, "system/cpu": 3 }, "cheese"),
  ]);
  const part = (name: string) => sections.find((section) => section.part === name);

  it("are told by part, numbers compared as numbers", () => {
    expect(sections.map((section) => [section.part, section.differing])).toEqual([
      ["attributes", 0],
      ["datasets", 1],
      ["params", 1],
      ["metrics", 1],
      ["tags", 0],
      ["system", 0],
    ]);
    expect(part("params")?.rows.map((row) => [row.key, row.same])).toEqual([["lr", true], ["only", false], ["same", true]]);
    expect(part("datasets")?.rows[0]?.texts).toEqual(["wine (d1)", "cheese (d1)"]);
    expect(part("attributes")?.rows.map((row) => row.key)).toEqual(["status", "start_time", "duration", "commit"]);
  });

  it("mark the best by the metric's direction", () => {
    expect(bestOf([0.9, 0.8, Number.NaN], true)).toEqual([0]);
    expect(bestOf([0.9, 0.8], false)).toEqual([1]);
    expect(bestOf([1, 1, 1], true)).toEqual([]);
  });

  it("are written against the baseline", () => {
    expect(formatChange(0.75, 1)).toBe("▼ −25 %");
    expect(formatChange(1.005, 1)).toBe("▲ +0.50 %");
    expect([formatChange(1, 1), formatChange(1, 0), formatChange(Number.NaN, 1)]).toEqual(["", "", ""]);
    expect(formatChange(-1, -2)).toBe("▲ +50 %");
  });

  it("of packages pass over runs that kept no list", () => {
    const lists = [readPackages("numpy==2.3.1\ntorch==2.6\n\n"), null, readPackages("numpy==2.3.1\ntorch==2.5")];
    expect(packageRows(lists).map((row) => [row.key, row.texts, row.same])).toEqual([
      ["numpy", ["2.3.1", null, "2.3.1"], true],
      ["torch", ["2.6", null, "2.5"], false],
    ]);
    expect(diffRow("k", [null, null]).same).toBe(true);
  });
});

describe("lines of two texts", () => {
  const text = (lines: ReturnType<typeof diffLines>) => lines.map((line) => line.mark + line.text);

  it("that differ are found, common ones kept in order", () => {
    expect(text(diffLines("a\nb\nc\nd", "a\nc\nx\nd"))).toEqual(["=a", "-b", "=c", "+x", "=d"]);
    expect(text(diffLines("", "a"))).toEqual(["-", "+a"]);
    expect(diffLines("a\nb", "a\nb").every((line) => line.mark === "=")).toBe(true);
  });

  it("put together again give both texts", () => {
    const [before, after] = ["x\na\nb\na\nc\nz", "a\nc\nb\nb\nz\ny"];
    const lines = diffLines(before, after);
    const side = (own: string) => lines.filter((line) => line.mark === "=" || line.mark === own).map((line) => line.text);
    expect(side("-").join("\n")).toBe(before);
    expect(side("+").join("\n")).toBe(after);
  });

  it("far from a difference are counted only", () => {
    const lines = withContext(diffLines("1\n2\n3\n4\n5\n6", "1\n2\n3\n4\n5\n7"), 1);
    expect(lines.map((line) => [line.mark, line.count ?? line.text])).toEqual([["…", 4], ["=", "5"], ["-", "6"], ["+", "7"]]);
  });
});

describe("the address of a comparison", () => {
  it("gives it back and passes over what is broken", () => {
    const comparison = { runs: ["a1", "b2"], base: "b2", tab: "code", all: true } as const;
    expect(decodeComparison(encodeComparison(comparison, "x=time"))).toEqual(comparison);
    expect(compareAddress(["a1", "b2"])).toBe("/compare?runs=a1,b2");
    expect(compareAddress(["a1", "b2"], "c3")).toBe("/compare?runs=c3,a1,b2&base=c3");
    expect(decodeComparison("runs=a1,a1,<b>&base=zz&tab=no")).toEqual({ runs: ["a1"], base: null, tab: "values", all: false });
  });
});
