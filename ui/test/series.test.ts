import { describe, expect, it } from "vitest";
import { align, envelope, sections, smooth, summarize } from "../src/data/series";
import { sparkPath } from "../src/charts/Sparkline";
import { random } from "../dev/data.mjs";

const floats = (...values: number[]) => Float64Array.from(values);

describe("smoothing", () => {
  it("is the debiased average", () => {
    // x1; (0.5·x1 + x2) / 1.5; (0.25·x1 + 0.5·x2 + x3) / 1.75
    const result = smooth(floats(1, 2, 4), 0.5);
    expect(result[0]).toBeCloseTo(1, 12);
    expect(result[1]).toBeCloseTo(2.5 / 1.5, 12);
    expect(result[2]).toBeCloseTo(5.25 / 1.75, 12);
  });

  it("leaves a constant alone and does not spread what is not finite", () => {
    expect([...smooth(floats(3, 3, 3), 0.9)].map((value) => Number(value.toFixed(9)))).toEqual([3, 3, 3]);
    const broken = smooth(floats(1, Number.NaN, 1, Infinity), 0.9);
    expect(broken[1]).toBeNaN();
    expect(broken[2]).toBeCloseTo(1, 9);
    expect(broken[3]).toBe(Infinity);
  });

  it("does nothing at weight 0", () => {
    const values = floats(1, 5);
    expect(smooth(values, 0)).toBe(values);
  });
});

describe("reduction for small drawings", () => {
  it("keeps the extremes, the order and the size", () => {
    const next = random(3);
    const values = Float64Array.from({ length: 5000 }, () => next() - 0.5);
    values[1234] = 99;
    values[4321] = -99;
    const xs = Float64Array.from({ length: 5000 }, (_, index) => index);
    const small = envelope(xs, values, 40);
    expect(small.values.length).toBeLessThanOrEqual(80);
    expect(small.values).toContain(99);
    expect(small.values).toContain(-99);
    expect([...small.xs]).toEqual([...small.xs].toSorted((a, b) => a - b));
  });

  it("draws a break where values are not finite", () => {
    const path = sparkPath(floats(0, 1, 2, 3, 4), floats(1, 2, Number.NaN, 2, 1));
    expect(path.match(/M/g)).toHaveLength(2);
    expect(sparkPath(floats(0, 1), floats(1, Number.NaN))).toBe("");
  });
});

describe("alignment", () => {
  it("joins curves over the union of their x values", () => {
    const [xs, first, second] = align(
      [
        { xs: floats(0, 2), values: floats(1, 3) },
        { xs: floats(1, 2), values: floats(5, Number.NaN) },
      ],
      false,
    );
    expect(xs).toEqual([0, 1, 2]);
    expect(first).toEqual([1, undefined, 3]);
    expect(second).toEqual([undefined, 5, null]);
  });

  it("hides what a log scale cannot show", () => {
    expect(align([{ xs: floats(0, 1), values: floats(0, 1) }], true)[1]).toEqual([null, 1]);
  });
});

describe("summaries", () => {
  it("counts finite values only", () => {
    expect(summarize(floats(3, Number.NaN, 1, Infinity))).toEqual({ count: 4, last: Infinity, min: 1, max: 3 });
    expect(summarize(floats())).toEqual({ count: 0, last: Number.NaN, min: Number.NaN, max: Number.NaN });
  });

  it("groups keys by their first part, plain ones first", () => {
    expect([...sections(["val/a", "loss", "train/x", "val/b"])]).toEqual([
      ["", ["loss"]],
      ["val", ["val/a", "val/b"]],
      ["train", ["train/x"]],
    ]);
  });
});
