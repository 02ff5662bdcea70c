import { describe, expect, it } from "vitest";
import type { WireSeries } from "../src/api/types";
import { curvePath, Curves, unpack } from "../src/data/curves";
import { goalOf, goalTags, isRising, relativeChange } from "../src/data/goal";

function pack(values: number[], size: 4 | 8): string {
  const array = size === 8 ? Float64Array.from(values) : Float32Array.from(values);
  return btoa(String.fromCharCode(...new Uint8Array(array.buffer)));
}

describe("small curves", () => {
  it("are read from packed floats and break at what is not finite", () => {
    expect(unpack(pack([1, -2.5], 8), 8)).toEqual([1, -2.5]);
    expect(unpack(pack([0.5, NaN], 4), 4)).toEqual([0.5, NaN]);
    expect(curvePath([0, 1, 2, 3], [0, 1, NaN, 2])).toMatch(/^M[\d. ]+L[\d. ]+M[\d. ]+$/);
    expect(curvePath([0], [1])).toBe("");
  });

  it("are asked for together, once", async () => {
    const asked: [string[], string[]][] = [];
    let changes = 0;
    const curves = new Curves(
      (runs, keys): Promise<WireSeries[]> => {
        asked.push([runs, keys]);
        return Promise.resolve(runs.map((run) => ({ run_id: run, key: "m", x: pack([0, 1], 8), packed: pack([1, 2], 4) })));
      },
      () => (changes += 1),
    );
    const runs = new Map([
      ["a", true],
      ["b", true],
    ]);
    curves.want(runs, ["m"]);
    curves.want(runs, ["m"]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    curves.want(runs, ["m"]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(asked).toEqual([[["a", "b"], ["m"]]]);
    expect(changes).toBe(1);
    expect(curves.path("a", "m")).toMatch(/^M/);
    expect(curves.path("a", "other")).toBe("");
    curves.close();
  });
});

describe("the goal of an experiment", () => {
  it("is what its tags say", () => {
    expect(goalOf(goalTags({ metric: "val/loss", rising: false }))).toEqual({ metric: "val/loss", rising: false });
    expect(goalOf([])).toBeNull();
  });

  it("is guessed from the name where nobody says it", () => {
    expect(["val/acc", "auc", "glossary"].map((name) => isRising(name, null))).toEqual([true, true, true]);
    expect(["val/loss", "rmse", "test_error"].map((name) => isRising(name, null))).toEqual([false, false, false]);
    expect(isRising("val/loss", { metric: "val/loss", rising: true })).toBe(true);
  });

  it("compares with the baseline as a share", () => {
    expect(relativeChange(0.9, 1)).toBeCloseTo(-0.1);
    expect(relativeChange(1, -2)).toBe(1.5);
    expect(relativeChange(1, 0)).toBeNull();
  });
});
