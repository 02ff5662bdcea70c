import { describe, expect, it } from "vitest";
import { decodeView, EMPTY_VIEW, encodeView, nextSort, type ViewState } from "../src/data/viewstate";
import { random } from "../dev/data.mjs";

const PIECES = ["lr", "val/acc", "a,b", "~1", "~0,", "über", "a b", "&=?#", "%2C", "学习率", "`x`", "-", "m.p", "<0.01", "a:5"];

function anyText(next: () => number): string {
  return Array.from({ length: 1 + Math.floor(next() * 3) }, () => PIECES[Math.floor(next() * PIECES.length)]).join("");
}

function anyView(next: () => number): ViewState {
  const letters = ["a", "p", "m", "t", "d", "min", "max", "first", "mean"];
  const column = () => `${letters[Math.floor(next() * letters.length)]}.${anyText(next)}`;
  const some = <T,>(most: number, make: () => T) => Array.from({ length: Math.floor(next() * (most + 1)) }, make);
  const maybe = <T,>(value: T) => (next() < 0.3 ? null : value);
  const id = () => Math.floor(next() * 1e9).toString(16);
  return {
    filter: next() < 0.3 ? "" : anyText(next),
    sort: some(3, () => ({ column: column(), descending: next() < 0.5 })),
    columns: maybe(some(5, column)),
    frozen: some(2, column),
    widths: Object.fromEntries(some(3, () => [column(), 40 + Math.floor(next() * 800)])),
    groups: some(3, () =>
      next() < 0.5
        ? { column: column(), bins: null, scale: "equal" as const }
        : { column: column(), bins: 2 + Math.floor(next() * 90), scale: next() < 0.5 ? ("log" as const) : ("equal" as const) },
    ),
    statistic: next() < 0.5 ? "mean" : "median",
    nested: next() < 0.5,
    pins: some(4, id),
    baseline: maybe(id()),
    curves: maybe(some(2, column)),
    density: next() < 0.5 ? "compact" : "normal",
    deleted: next() < 0.5,
  };
}

describe("the view in the address", () => {
  it("comes back as it was, whatever the keys are", () => {
    const next = random(7);
    for (let round = 0; round < 500; round += 1) {
      const view = anyView(next);
      expect(decodeView(`?${encodeView(view)}`)).toEqual(view);
    }
  });

  it("can be read by people", () => {
    const view: ViewState = {
      ...EMPTY_VIEW,
      filter: "metrics.`val/acc` > 0.8",
      sort: [
        { column: "max.val/acc", descending: true },
        { column: "p.lr", descending: false },
      ],
      columns: ["p.lr", "max.val/acc"],
      groups: [
        { column: "p.optimizer", bins: null, scale: "equal" },
        { column: "m.loss", bins: 5, scale: "quantile" },
      ],
    };
    expect(encodeView(view)).toBe(
      "q=metrics.`val/acc`+>+0.8&sort=-max.val/acc,p.lr&cols=p.lr,max.val/acc&grp=p.optimizer,m.loss:5:quantile",
    );
  });

  it("is empty for the default, and broken fields are ignored", () => {
    expect(encodeView(EMPTY_VIEW)).toBe("");
    const broken = "?sort=nonsense&cols=x,p.lr,&grp=y,m.a:1:odd&w=p.lr:3,p.b:80&pin=a b,c&agg=sum&den=huge&v=9";
    expect(decodeView(broken)).toEqual({
      ...EMPTY_VIEW,
      columns: ["p.lr"],
      groups: [{ column: "m.a", bins: null, scale: "equal" }],
      widths: { "p.b": 80 },
      pins: ["c"],
    });
  });

  it("leaves fields alone that it does not know", () => {
    expect(encodeView({ ...EMPTY_VIEW, filter: "a" }, "?x=1&q=b")).toBe("x=1&q=a");
  });
});

describe("a click on a header", () => {
  it("sorts best first, then the other way, then not", () => {
    expect(nextSort([], "m.loss", false, false)).toEqual([{ column: "m.loss", descending: false }]);
    const first = nextSort([], "m.acc");
    expect(first).toEqual([{ column: "m.acc", descending: true }]);
    const second = nextSort(first, "m.acc");
    expect(second).toEqual([{ column: "m.acc", descending: false }]);
    expect(nextSort(second, "m.acc")).toEqual([]);
  });

  it("starts from the least for params", () => {
    expect(nextSort([{ column: "m.acc", descending: true }], "p.lr")).toEqual([{ column: "p.lr", descending: false }]);
  });

  it("with Shift sorts by a further column, and turns that one only", () => {
    const acc = { column: "m.acc", descending: true };
    const both = nextSort([acc], "p.lr", true);
    expect(both).toEqual([acc, { column: "p.lr", descending: false }]);
    const turned = nextSort(both, "p.lr", true);
    expect(turned).toEqual([acc, { column: "p.lr", descending: true }]);
    expect(nextSort(turned, "p.lr", true)).toEqual([acc]);
  });
});
