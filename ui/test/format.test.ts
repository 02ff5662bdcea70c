import { describe, expect, it } from "vitest";
import {
  formatAge,
  formatBytes,
  formatDuration,
  formatNumber,
  formatParam,
  formatSigned,
  formatTick,
  isNumeric,
  toNumber,
} from "../src/data/format";

const MINUTE = 60_000;

describe("numbers", () => {
  it.each([
    [0, "0"],
    [12, "12"],
    [123_456_789, "123456789"],
    [0.9, "0.9000"],
    [0.91348, "0.9135"],
    [-0.5, "−0.5000"],
    [12.3456, "12.35"],
    [12_345.678, "12346"],
    [1_234_567.8, "1.235e6"],
    [0.000_012_34, "1.234e-5"],
    [Number.NaN, "NaN"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
  ])("%d is written %s", (value, text) => expect(formatNumber(value)).toBe(text));

  it("keeps the sign before what another format writes", () => {
    expect(formatSigned(-1500, (size) => formatDuration(size, "en"))).toBe("−1.5s");
    expect(formatSigned(20, String)).toBe("20");
  });

  it("reads what JSON cannot say", () => {
    expect(toNumber("Infinity")).toBe(Infinity);
    expect(toNumber("-Infinity")).toBe(-Infinity);
    expect(toNumber("NaN")).toBeNaN();
    expect(toNumber(1.5)).toBe(1.5);
  });

  it("drops zeros at the end on axes", () => {
    expect([0.5, 2.5, 0.000_02, 2e7 + 0.5].map(formatTick)).toEqual(["0.5", "2.5", "2e-5", "2e7"]);
  });
});

describe("params", () => {
  it.each(["1", "-2.5", "1e-4", ".5", "+3."])("%s is a number", (text) => expect(isNumeric(text)).toBe(true));
  it.each(["", "nan", "inf", "1_000", "0x10", "1e999", "adam"])("%s is not", (text) =>
    expect(isNumeric(text)).toBe(false));

  it("shortens long numbers only", () => {
    expect(formatParam("0.001")).toBe("0.001");
    expect(formatParam("0.00031132629250681885")).toBe("0.0003113");
    expect(formatParam("a-long-name-of-something")).toBe("a-long-name-of-something");
  });
});

describe("times and sizes", () => {
  it.each([
    [820, "820ms"],
    [5300, "5.3s"],
    [59_900, "59s"],
    [200_000, "3m 20s"],
    [2 * 60 * MINUTE, "2h"],
    [125 * MINUTE, "2h 5m"],
    [51 * 60 * MINUTE, "2d 3h"],
  ])("%d ms is %s", (ms, text) => expect(formatDuration(ms, "en")).toBe(text));

  it("speaks the reader's language", () => {
    expect(formatDuration(200_000, "zh-CN")).toBe("3分钟 20秒");
    expect(formatAge(0, 3 * 60 * MINUTE, "zh-CN")).toContain("3小时前");
    expect(formatAge(0, 26 * 60 * MINUTE, "en")).toBe("yesterday");
    expect(formatAge(0, 5000, "en")).toBe("now");
  });

  it("writes sizes in powers of 1000", () => {
    expect([812, 1400, 212_000, 3.2e9].map(formatBytes)).toEqual(["812 B", "1.4 kB", "212 kB", "3.2 GB"]);
  });
});
