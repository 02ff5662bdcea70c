import { describe, expect, it } from "vitest";
import { durationTicks, extent, linear, linearTicks, logTicks, logarithmic, padded, spansDecades } from "../src/data/scale";

describe("scales", () => {
  it("give a place to a value and the value back", () => {
    for (const scale of [linear(-3, 7), logarithmic(1e-4, 10)]) {
      for (const share of [0, 0.25, 0.9, 1]) expect(scale.place(scale.value(share))).toBeCloseTo(share, 9);
    }
    expect(logarithmic(1, 100).place(10)).toBeCloseTo(0.5, 9);
    expect(logarithmic(1, 100).place(0)).toBeNaN();
  });

  it("give room to a single value", () => {
    expect(linear(5, 5).place(5)).toBeCloseTo(0.5, 9);
    expect(logarithmic(5, 5).place(5)).toBeCloseTo(0.5, 9);
    expect(padded(linear(0, 10), 0.1).min).toBeCloseTo(-1, 9);
  });

  it("have round marks inside of their range", () => {
    expect(linearTicks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(linearTicks(-0.3, 0.3, 3)).toEqual([-0.2, 0, 0.2]);
    expect(logTicks(0.001, 100, 10)).toEqual([0.001, 0.01, 0.1, 1, 10, 100]);
    expect(logTicks(1, 20, 10)).toEqual([1, 2, 5, 10, 20]);
    expect(durationTicks(0, 7200, 4)).toEqual([0, 1800, 3600, 5400, 7200]);
    expect(durationTicks(0, 86_400, 2, 3600)).toEqual([39_600, 82_800]);
  });

  it("are logarithmic where values lie over decades, not where one is merely small", () => {
    expect(spansDecades([1e-5, 1e-4, 1e-3, 1e-2])).toBe(true);
    expect(spansDecades([0.001, 0.1, 0.2, 0.3, 0.4])).toBe(false);
    expect(spansDecades([0, 1, 1000])).toBe(false);
    expect(extent([Number.NaN, 3, Infinity, -1])).toEqual([-1, 3]);
    expect(extent([0, 5], true)).toEqual([5, 5]);
    expect(extent([])).toBeNull();
  });
});
