import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hover } from "../src/data/hover";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  hover.clear("chart");
  vi.runAllTimers();
  vi.useRealTimers();
});

const at = (x: number, runId: string | null) => hover.set({ axis: "step", x, runId, source: "chart" });

describe("what the pointer is on", () => {
  it("is told at each move", () => {
    const told = vi.fn();
    const stop = hover.subscribe(told);
    at(1, "a");
    at(2, "b");
    at(2, "b");
    expect(told).toHaveBeenCalledTimes(2);
    expect(hover.get()).toMatchObject({ x: 2, runId: "b" });
    stop();
  });

  it("lights a run up at once, then the last of those that were passed", () => {
    const lit: (string | null)[] = [];
    const stop = hover.subscribeLit(() => lit.push(hover.lit()));
    for (const [x, run] of ["a", "b", "c", "b"].entries()) at(x, run);
    expect(lit).toEqual(["a"]);
    vi.runAllTimers();
    expect(lit).toEqual(["a", "b"]);
    hover.clear("other");
    expect(hover.lit()).toBe("b");
    hover.clear("chart");
    vi.runAllTimers();
    expect(lit).toEqual(["a", "b", null]);
    stop();
  });
});
