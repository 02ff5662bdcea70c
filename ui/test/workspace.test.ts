import { describe, expect, it } from "vitest";
import { random } from "../dev/data.mjs";
import { sectionsOf, type PanelSpec } from "../src/data/panels";
import {
  decodeWorkspace,
  encodeWorkspace,
  isOpen,
  moved,
  PLAIN_WORKSPACE,
  toggleSection,
  withoutPanel,
  withPanel,
  withTweak,
  type Workspace,
} from "../src/data/workspace";

const PIECES = ["val/acc", "a,b", "x~1", "p:q", "k=v", "l;m", "ü 文", "'\"`", "&?#%", "~", ""];

function made(seed: number): Workspace {
  const next = random(seed);
  const pick = <T,>(items: readonly T[]) => items[Math.floor(next() * items.length)] as T;
  const text = () => pick(PIECES.slice(0, -1)) + pick(PIECES);
  const some = <T,>(make: () => T) => Array.from({ length: Math.floor(next() * 3) }, make);
  const panel = (): PanelSpec => ({ id: text(), kind: "scatter", fields: { x: [`p.${text()}`], y: [`m.${text()}`, `min.${text()}`] } });
  return {
    axis: pick(["step", "time", "relative", `m.${text()}`]),
    smoothing: pick([0, 0.3, 0.99]),
    smoothingKind: pick(["ema", "mean", "gauss"]),
    logarithmic: next() < 0.5,
    trim: next() < 0.5,
    find: pick(["", text()]),
    top: pick([10, 20, 1000]),
    hidden: some(text),
    only: some(text),
    group: pick([null, `p.${text()}`, "d.name"]),
    band: pick(["sd", "iqr"]),
    panels: some(panel),
    removed: some(text),
    order: some(text),
    tweaks: Object.fromEntries(some(() => [text(), { w: 6, log: next() < 0.5, axis: `m.${text()}`, smoothing: 0.2 }])),
    shut: some(text),
  };
}

describe("the address of a charts page", () => {
  it("is empty for the page that stands at first", () => {
    expect(encodeWorkspace(PLAIN_WORKSPACE)).toBe("");
    expect(decodeWorkspace("")).toEqual(PLAIN_WORKSPACE);
  });

  it("gives any page back", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const workspace = made(seed);
      expect(decodeWorkspace(encodeWorkspace(workspace)), `seed ${seed}`).toEqual(workspace);
    }
  });

  it("leaves other fields alone, can be read, and passes over what is broken", () => {
    const search = encodeWorkspace({ ...PLAIN_WORKSPACE, axis: "m.train/epoch", group: "d.name" }, "q=a&sort=-m.acc");
    expect(search).toBe("q=a&sort=-m.acc&x=m.train/epoch&by=d.name");
    for (const broken of ["x=moon", "sm=7", "top=3", "ch=c1:pie:x=1", "pt=a:w=99", "by=zzz", "band=no"]) {
      expect(decodeWorkspace(broken), broken).toEqual(PLAIN_WORKSPACE);
    }
  });
});

const KNOWN = {
  params: [{ key: "lr", runs: 5, distinct: 5 }],
  metrics: ["system/cpu", "train/loss", "val/acc", "val/loss", "loss"].map((key) => ({ key, runs: 5 })),
};
const idsOf = (workspace: Workspace) => sectionsOf(KNOWN, workspace).map((section) => [section.id, section.panels.map((panel) => panel.id)]);

describe("panels", () => {
  it("stand by prefix: evaluation first, what compares runs second, system metrics last", () => {
    expect(idsOf(PLAIN_WORKSPACE)).toEqual([
      ["val", ["m.val/acc", "m.val/loss"]],
      ["*", ["parallel", "importance", "scatter", "box", "history"]],
      ["train", ["m.train/loss"]],
      ["", ["m.loss"]],
      ["system", ["m.system/cpu"]],
    ]);
  });

  it("can be added, changed, taken away and moved", () => {
    let workspace = withPanel(PLAIN_WORKSPACE, { id: "c1", kind: "heat", fields: {} });
    workspace = withPanel(workspace, { id: "scatter", kind: "scatter", fields: { x: ["p.lr"] } });
    workspace = withoutPanel(workspace, "box");
    const [, analysis] = sectionsOf(KNOWN, workspace);
    expect(analysis?.panels.map((panel) => panel.id)).toEqual(["c1", "parallel", "importance", "scatter", "history"]);
    expect(analysis?.panels[3]?.fields).toEqual({ x: ["p.lr"] });
    workspace = moved(workspace, ["c1", "parallel", "importance", "scatter", "history"], "history", "parallel");
    expect(sectionsOf(KNOWN, workspace)[1]?.panels.map((panel) => panel.id)).toEqual(["c1", "history", "parallel", "importance", "scatter"]);
    expect(withoutPanel(workspace, "c1").removed).toEqual(["box"]);
  });

  it("take their own settings back", () => {
    const own = withTweak(PLAIN_WORKSPACE, "m.loss", { log: true, w: 6 });
    expect(own.tweaks).toEqual({ "m.loss": { log: true, w: 6 } });
    expect(withTweak(own, "m.loss", { log: undefined, w: undefined }).tweaks).toEqual({});
  });

  it("hide behind sections that close, or are closed at first", () => {
    expect(isOpen(PLAIN_WORKSPACE, "val", false)).toBe(true);
    expect(isOpen(toggleSection(PLAIN_WORKSPACE, "val", false), "val", false)).toBe(false);
    expect(isOpen(toggleSection(PLAIN_WORKSPACE, "system", true), "system", true)).toBe(true);
  });
});
