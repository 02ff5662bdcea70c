import { describe, expect, it } from "vitest";
import { ALL_CHARTS, decodeCharts, encodeCharts, type ChartView } from "../src/data/chartview";

describe("the charts' address", () => {
  it("is empty for the view that stands at first", () => {
    expect(encodeCharts(ALL_CHARTS)).toBe("");
    expect(decodeCharts("")).toEqual(ALL_CHARTS);
  });

  it("gives a view back, and leaves other fields alone", () => {
    const view: ChartView = { axis: "relative", logarithmic: true, smoothing: 0.6, find: "val/acc & more" };
    const search = encodeCharts(view, "v=1&x=time");
    expect(decodeCharts(search)).toEqual(view);
    expect(search).toContain("v=1");
    expect(search).toContain("find=val/acc");
  });

  it.each(["x=moon", "sm=7", "sm=-1", "sm=a", "log=yes"])("ignores what it cannot read: %s", (search) => {
    expect(decodeCharts(search)).toEqual(ALL_CHARTS);
  });
});
