import { describe, expect, it } from "vitest";
import { fullX, frameOf } from "../src/charts/lineframe";
import { addLine, type Raster } from "../src/charts/rasterize";
import { sharesOf } from "../src/charts/shades";
import { makeColumn } from "../src/data/runtable";
import type { RunLine } from "../src/data/lines";
import { rampBytes } from "../src/theme/ramp";

const raster = (width: number, height: number): Raster => ({ width, height, bytes: new Uint8ClampedArray(4 * width * height) });
const alphaAt = ({ width, bytes }: Raster, x: number, y: number) => bytes[4 * (y * width + x) + 3] ?? 0;

describe("lines as pixels", () => {
  it("cover each column they cross, and nothing far from them", () => {
    const made = raster(20, 20);
    addLine(made, 0, 2, 20, 18, [255, 0, 0], 1);
    for (let x = 0; x < 20; x += 1) {
      const y = Math.round(2 + (16 * (x + 0.5)) / 20 - 0.5);
      expect(alphaAt(made, x, y), `column ${x}`).toBeGreaterThan(100);
      expect(alphaAt(made, x, (y + 10) % 20), `far from it in ${x}`).toBe(0);
    }
  });

  it("add up where they meet, and stay inside of the picture", () => {
    const made = raster(10, 10);
    addLine(made, 0, 5, 10, 5, [0, 0, 255], 0.3);
    const once = alphaAt(made, 5, 5);
    addLine(made, 0, 5, 10, 5, [0, 0, 255], 0.3);
    expect(alphaAt(made, 5, 5)).toBeGreaterThan(once);
    addLine(made, -50, -50, 60, 60, [0, 0, 255], 1);
    expect(alphaAt(made, 7, 7)).toBeGreaterThan(100);
  });
});

describe("colours of amounts", () => {
  it("go from dark to light, and put the ends at the ends", () => {
    const light = (share: number) => rampBytes(share).reduce((sum, byte) => sum + byte, 0);
    expect(light(0)).toBeLessThan(light(0.5));
    expect(light(0.5)).toBeLessThan(light(1));
    expect(rampBytes(2)).toEqual(rampBytes(1));
    expect([...sharesOf(makeColumn("m.acc", [1, 3, 2, null]))]).toEqual([0, 1, 0.5, Number.NaN]);
  });
});

describe("the frame of curves", () => {
  const values = Float64Array.of(1, 2, 1000);
  const line: RunLine = { id: "a", label: "a", xs: Float64Array.of(0, 5, 10), values, raw: values };
  const wish = { size: { width: 300, height: 200 }, lines: [line], range: null, box: null, log: false, trim: false, kind: "number", language: "en" } as const;

  it("holds all that is seen", () => {
    expect(fullX([line])).toEqual([0, 10]);
    const frame = frameOf(wish);
    expect([frame.x.min, frame.x.max]).toEqual([0, 10]);
    expect(frame.y.max).toBeGreaterThan(1000);
  });

  it("fits its height to the part of x that is zoomed to", () => {
    expect(frameOf({ ...wish, range: [0, 6] }).y.max).toBeLessThan(3);
    expect(frameOf({ ...wish, box: [5, 7] }).y.min).toBe(5);
    expect(frameOf({ ...wish, log: true }).y.logarithmic).toBe(true);
  });
});
