import { describe, expect, it } from "vitest";
import { decodeView, EMPTY_VIEW, encodeView, nextSort, type ViewState } from "../src/data/viewstate";
import { random } from "../dev/data.mjs";

const PIECES = ["lr", "val/acc", "a,b", "~1", "~0,", "über", "a b", "&=?#", "%2C", "学习率", "`x`", "-", "m.p", "<0.01"];

function anyText(next: () => number): string {
  return Array.from({ length: 1 + Math.floor(next() * 3) }, () => PIECES[Math.floor(next() * PIECES.length)]).join("");
}

function anyView(next: () => number): ViewState {
  const column = () => `${"apmt"[Math.floor(next() * 4)]}.${anyText(next)}`;
  return {
    filter: next() < 0.3 ? "" : anyText(next),
    sort: next() < 0.3 ? null : { column: column(), descending: next() < 0.5 },
    columns: next() < 0.3 ? null : Array.from({ length: Math.floor(next() * 5) }, column),
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
      filter: "metrics.`val/acc` > 0.8",
      sort: { column: "m.val/acc", descending: true },
      columns: ["p.lr", "m.val/acc"],
    };
    expect(encodeView(view)).toBe("q=metrics.`val/acc`+>+0.8&sort=-m.val/acc&cols=p.lr,m.val/acc");
  });

  it("is empty for the default, and broken fields are ignored", () => {
    expect(encodeView(EMPTY_VIEW)).toBe("");
    expect(decodeView("?sort=nonsense&cols=x,p.lr,&v=9")).toEqual({ filter: "", sort: null, columns: ["p.lr"] });
  });

  it("leaves fields alone that it does not know", () => {
    expect(encodeView({ ...EMPTY_VIEW, filter: "a" }, "?x=1&q=b")).toBe("x=1&q=a");
  });
});

describe("a click on a header", () => {
  it("sorts best first, then the other way, then not", () => {
    const first = nextSort(null, "m.acc");
    expect(first).toEqual({ column: "m.acc", descending: true });
    const second = nextSort(first, "m.acc");
    expect(second).toEqual({ column: "m.acc", descending: false });
    expect(nextSort(second, "m.acc")).toBeNull();
  });

  it("starts from the least for params", () => {
    expect(nextSort({ column: "m.acc", descending: true }, "p.lr")).toEqual({ column: "p.lr", descending: false });
  });
});
