import { describe, expect, it } from "vitest";
import { bandOf, countHidden, nearestIndex, nearLines, overMetric, smoothed, valueAt, valueRange, type RunLine } from "../src/data/lines";
import { unpack } from "../src/data/packed";

const floats = (...values: number[]) => Float64Array.from(values);
const line = (id: string, xs: number[], values: number[]): RunLine => {
  const ys = Float64Array.from(values);
  return { id, label: id, xs: Float64Array.from(xs), values: ys, raw: ys };
};

describe("smoothing", () => {
  it("by a running mean looks at both sides and passes over what is not finite", () => {
    // An amount of 0.001 reaches one point on each side.
    expect([...smoothed(floats(1, 2, 6, Number.NaN, 4), "mean", 0.001)]).toEqual([1.5, 3, 4, Number.NaN, 4]);
  });

  it("by a normal curve weighs near points more and leaves a constant alone", () => {
    expect([...smoothed(floats(2, 2, 2), "gauss", 0.5)].map((value) => value.toFixed(9))).toEqual(Array(3).fill("2.000000000"));
    const peak = smoothed(floats(0, 0, 9, 0, 0), "gauss", 0.001);
    expect(peak[2]).toBeGreaterThan(peak[1] ?? 0);
    expect(peak[1]).toBeGreaterThan(0);
  });

  it("of nothing is the same array", () => {
    const values = floats(1, 2);
    expect(smoothed(values, "gauss", 0)).toBe(values);
  });
});

describe("curves", () => {
  it("have a value between their points, none beyond, and a nearest point", () => {
    expect(valueAt([0, 10], [1, 3], 5)).toBe(2);
    expect(valueAt([0, 10], [1, 3], 11)).toBeNaN();
    expect(valueAt([0, 10, 20], [1, Number.NaN, 3], 5)).toBeNaN();
    expect(nearestIndex([0, 10, 20], 14)).toBe(1);
    expect(nearestIndex([], 14)).toBe(-1);
  });

  it("can be drawn over another metric", () => {
    const moved = overMetric(line("a", [0, 1, 2], [5, 6, 7]), { xs: floats(0, 2), values: floats(10, 0) });
    expect([...(moved?.xs ?? [])]).toEqual([0, 5, 10]);
    expect([...(moved?.values ?? [])]).toEqual([7, 6, 5]);
    expect(overMetric(line("a", [0], [5]), undefined)).toBeNull();
  });

  it("are found by the pointer, the nearest first", () => {
    const near = nearLines([line("a", [0, 1], [0, 10]), line("b", [0, 1], [5, 5]), line("c", [0, 1], [1, Number.NaN])], 1, 6, 1, (x) => x, (y) => y);
    expect(near.map((one) => one.line)).toEqual([1, 0]);
  });

  it("count what a logarithmic scale hides", () => {
    expect(countHidden([line("a", [0, 1, 2], [0, -1, 2])])).toBe(2);
  });
});

describe("bands", () => {
  const lines = [line("a", [0, 1], [1, 2]), line("b", [0, 1], [3, 6])];

  it("are the mean and the deviation of the sample", () => {
    const band = bandOf("g", "g", lines, "sd");
    expect([...band.values]).toEqual([2, 4]);
    expect((band.high?.[0] ?? 0) - 2).toBeCloseTo(Math.SQRT2, 12);
    expect([...(band.counts ?? [])]).toEqual([2, 2]);
  });

  it("are the ends, or the quartiles around the median", () => {
    expect([...(bandOf("g", "g", lines, "minmax").low ?? [])]).toEqual([1, 2]);
    expect([...bandOf("g", "g", [...lines, line("c", [0, 1], [9, 9])], "iqr").values]).toEqual([3, 6]);
  });

  it("join runs of different steps, and have no width where there is one run only", () => {
    const band = bandOf("g", "g", [line("a", [0, 2], [0, 2]), line("b", [1, 3], [1, 3])], "sd");
    expect([...band.xs]).toEqual([0, 1, 2, 3]);
    expect([...band.values]).toEqual([0, 1, 2, 3]);
    expect(band.low?.[0]).toBeNaN();
    expect(band.low?.[1]).toBeCloseTo(1, 12);
  });
});

describe("the range of what is seen", () => {
  it("leaves out what lies outside of x, what is not finite, and with a log scale what is not above zero", () => {
    const lines = [line("a", [0, 1, 2, 3], [-5, 1, Infinity, 99])];
    expect(valueRange(lines, 0, 2, false, false)).toEqual([-5, 1]);
    expect(valueRange(lines, 0, 3, true, false)).toEqual([1, 99]);
    expect(valueRange([], 0, 1, false, true)).toBeNull();
  });

  it("without outliers is not stretched by a run that diverged", () => {
    const calm = Array.from({ length: 99 }, (_, index) => line(`r${index}`, [0, 1], [1, 1 + index / 100]));
    const range = valueRange([...calm, line("wild", [0, 1], [1, 1e9])], 0, 1, false, true);
    expect(range?.[1]).toBeLessThan(3);
  });
});

describe("packed series", () => {
  it("are read as numbers, times as seconds", () => {
    const bytes = (array: ArrayBufferView) => btoa(String.fromCharCode(...new Uint8Array(array.buffer)));
    const packed = { run_id: "r", key: "k", total: 7, x: bytes(Float64Array.of(1500, 2000)), packed: bytes(Float32Array.of(0.5, Number.NaN)) };
    const series = unpack(packed, 1000);
    expect(series).toMatchObject({ runId: "r", key: "k", total: 7 });
    expect([...series.xs]).toEqual([1.5, 2]);
    expect([...series.values]).toEqual([0.5, Number.NaN]);
  });
});
