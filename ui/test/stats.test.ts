import { describe, expect, it } from "vitest";
import { bestSoFar, density, kernelLine, paretoFront, quantile, ranks, spearman, spread } from "../src/data/stats";

describe("statistics", () => {
  it("are those of numpy and scipy", () => {
    // numpy.quantile([1, 2, 4, 8], [0.25, 0.5]); statistics.stdev; scipy.stats.rankdata; scipy.stats.spearmanr
    expect(quantile([1, 2, 4, 8], 0.25)).toBeCloseTo(1.75, 12);
    expect(quantile([1, 2, 4, 8], 0.5)).toBeCloseTo(3, 12);
    expect(spread([4, 1, Number.NaN, 2, 8])).toMatchObject({ count: 4, mean: 3.75, min: 1, median: 3, max: 8 });
    expect(spread([4, 1, 2, 8])?.sd).toBeCloseTo(3.095695936834452, 12);
    expect([...ranks([3, 1, 3, 2])]).toEqual([3.5, 1, 3.5, 2]);
    expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 12);
    expect(spearman([1, 2], [1, 2])).toBeNaN();
    expect(spread([])).toBeNull();
  });

  it("find a line and a density of area one", () => {
    const xs = Array.from({ length: 41 }, (_, index) => index / 40);
    const straight = kernelLine(xs, xs.map((x) => 2 * x + 1));
    for (const [x, y] of straight) expect(y).toBeCloseTo(2 * x + 1, 6);
    const peak = kernelLine(xs, xs.map((x) => -((x - 0.5) ** 2)));
    expect(Math.max(...peak.map(([, y]) => y))).toBeGreaterThan(-0.02);
    expect(peak[0]?.[1]).toBeLessThan(-0.2);
    expect(kernelLine([1, 1], [0, 1])).toEqual([]);
    const at = Array.from({ length: 400 }, (_, index) => -10 + index / 20);
    const area = density(Float64Array.of(0, 1, 2, 1, 0.5), at).reduce((sum, value) => sum + value / 20, 0);
    expect(area).toBeCloseTo(1, 2);
  });

  it("keep the best so far in the metric's direction", () => {
    expect([...bestSoFar([Number.NaN, 3, 5, 2], true)]).toEqual([Number.NaN, 3, 5, 5]);
    expect([...bestSoFar([3, Infinity, 2, 4], false)]).toEqual([3, 3, 2, 2]);
  });

  it("find what nothing beats in both directions", () => {
    const xs = [1, 2, 3, 4, 2.5];
    const ys = [10, 8, 9, 1, 2];
    expect(paretoFront(xs, ys, false, false)).toEqual([0, 1, 4, 3]);
    expect(paretoFront(xs, ys, true, true)).toEqual([0, 2, 3]);
  });
});
