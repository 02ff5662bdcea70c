import { describe, expect, it } from "vitest";
import { groupingColumn, strength, strongest } from "../src/data/choice";
import { statisticColumn, termKey } from "../src/data/columns";
import { bothOf, rangeTerm, valuesTerm } from "../src/data/dimension";
import { heatCells, surface } from "../src/data/heat";
import { atStep, byKey, thinned } from "../src/data/media";
import { brushed, brushFilter, makeAxis, MISSING, placesOn, snapped } from "../src/data/parallel";
import { groupBy, makeColumn, type RunTable } from "../src/data/runtable";
import { random } from "../dev/data.mjs";

const table = (columns: Record<string, (string | number | null)[]>): RunTable => {
  const made = Object.entries(columns).map(([id, cells]) => [id, makeColumn(id, cells)] as const);
  const count = made[0]?.[1].texts.length ?? 0;
  return { runs: Array.from({ length: count }, (_, index) => ({ run_id: `r${index}`, experiment_id: "1", status: "FINISHED" as const })), columns: new Map(made), total: count };
};

describe("columns of runs", () => {
  it("are numbers where all texts are, else categories in natural order", () => {
    expect(makeColumn("p.lr", ["1e-3", null, "0.1"])).toMatchObject({ kind: "number", decades: false });
    const column = makeColumn("p.size", ["b10", "b9", null, "b10"]);
    expect(column).toMatchObject({ kind: "category", categories: ["b9", "b10"] });
    expect([...column.numbers]).toEqual([1, 0, Number.NaN, 1]);
    expect(makeColumn("m.loss", ["NaN", "Infinity", 2]).numbers[1]).toBe(Infinity);
  });

  it("are put into groups: by text, by few numbers, else by bins; missing values last", () => {
    expect(groupBy(makeColumn("p.o", ["b", null, "a"]))).toMatchObject({ labels: ["a", "b", null], of: Int32Array.of(1, 2, 0) });
    expect(groupBy(makeColumn("p.n", ["2", "4", "2"])).labels).toEqual(["2", "4"]);
    const binned = groupBy(makeColumn("p.n", Array.from({ length: 20 }, (_, index) => String(index))), 4);
    expect(binned.labels).toHaveLength(4);
    expect([binned.of[0], binned.of[4], binned.of[5], binned.of[19]]).toEqual([0, 0, 1, 3]);
  });
});

describe("what is chosen by itself", () => {
  const next = random(1);
  const rows = Array.from({ length: 60 }, () => ({ lr: 10 ** (-5 + 4 * next()), noise: next(), data: next() < 0.5 ? "clean" : "raw" }));
  const runs = table({
    "p.noise": rows.map((row) => row.noise),
    "p.lr": rows.map((row) => row.lr),
    "d.name": rows.map((row) => row.data),
    "p.same": rows.map(() => 1),
    "m.acc": rows.map((row) => -((Math.log10(row.lr) + 3) ** 2) + 0.2 * row.noise),
  });

  it("is the param with the strongest effect, though its best value lies in the middle", () => {
    expect(strongest(runs, "m.acc").map((column) => column.id)).toEqual(expect.arrayContaining(["p.lr", "p.noise", "d.name"]));
    expect(strongest(runs, "m.acc")[0]?.id).toBe("p.lr");
    expect(strongest(runs, "m.acc").some((column) => column.id === "p.same")).toBe(false);
  });

  it("groups by the datasets where these differ", () => {
    expect(groupingColumn(runs, "m.acc")?.id).toBe("d.name");
  });

  it("is not fooled by a key that is different in every run", () => {
    const unique = makeColumn("p.id", rows.map((_row, index) => `run-${index}`));
    expect(strength(unique, runs.columns.get("m.acc") ?? unique)).toBe(0);
  });
});

describe("filters of what is chosen", () => {
  it("are written as the server reads them", () => {
    expect(termKey("m.val/acc")).toBe("metrics.`val/acc`");
    expect(termKey("min.loss")).toBe("metrics.loss.min");
    expect(statisticColumn("min.val/loss")).toBe("metrics.`val/loss`.min");
    expect(statisticColumn("d.name")).toBe("dataset.name");
    expect(rangeTerm("p.lr", 0.001, null)).toBe("params.lr >= 0.001");
    expect(rangeTerm("a.duration", 0, 1)).toBeNull();
    expect(valuesTerm("p.o", ["a", "b'c", null])).toBe("(params.o IN ('a', \"b'c\") OR params.o IS NULL)");
    expect(valuesTerm("d.name", ["wine", "a, b"])).toBe("(dataset.name = 'wine' OR (dataset.name = 'a' AND dataset.name = 'b'))");
    expect(bothOf("a = 1 or b = 2", "c > 3")).toBe("(a = 1 or b = 2) AND c > 3");
    expect(bothOf("", "(a OR b)")).toBe("(a OR b)");
  });

  it("follow brushes on parallel axes", () => {
    const runs = table({ "p.lr": [1, 2, 3, 4], "p.o": ["a", "b", null, "c"] });
    const axes = [...runs.columns.values()].map((column) => makeAxis(column, false));
    const places = axes.map((axis) => placesOn(axis, null));
    const half = new Map([["p.lr", [[0.3, 1]] as const]]);
    expect([...brushed(axes, places, half)]).toEqual([0, 1, 1, 1]);
    expect(brushFilter(axes, half)).toBe("params.lr >= 1.9");
    const [, letters] = axes;
    const chosen = letters ? snapped(letters, [0.4, 0.4 + 1e-9]) : MISSING;
    const both = new Map([["p.o", [chosen, MISSING]]]);
    expect([...brushed(axes, places, both)]).toEqual([0, 1, 1, 0]);
    expect(brushFilter(axes, both)).toBe("(params.o IN ('b') OR params.o IS NULL)");
  });

  it("of an axis that is turned over are the same runs", () => {
    const [axis] = [...table({ "p.lr": [1, 2, 3, 4] }).columns.values()].map((column) => makeAxis(column, true));
    expect(axis && brushFilter([axis], new Map([["p.lr", [[0, 0.4]]]]))).toBe("params.lr >= 2.8");
  });
});

describe("heat", () => {
  it("puts runs into cells", () => {
    const cells = heatCells(Float64Array.of(0, 0.4, 1, 0.9), Float64Array.of(0, 0.1, 1, 1), Float64Array.of(1, 3, 5, Number.NaN), [2, 2], "mean", true);
    expect([...cells.values]).toEqual([2, Number.NaN, Number.NaN, 5]);
    expect([...cells.counts]).toEqual([2, 0, 0, 1]);
    expect(heatCells(Float64Array.of(0, 0), Float64Array.of(0, 0), Float64Array.of(1, 3), [1, 1], "best", false).values[0]).toBe(1);
  });

  it("makes a surface that is near to the runs there, and empty far from all", () => {
    const made = surface(Float64Array.of(0.1, 0.3), Float64Array.of(0.1, 0.1), Float64Array.of(0, 10));
    const at = (x: number, y: number) => made.values[Math.floor(y * made.rows) * made.columns + Math.floor(x * made.columns)] ?? Number.NaN;
    expect(at(0.1, 0.1)).toBeLessThan(1);
    expect(at(0.3, 0.1)).toBeGreaterThan(9);
    expect(at(0.9, 0.9)).toBeNaN();
  });
});

describe("files over steps", () => {
  it("are read by their names, without the small copies", () => {
    const files = ["b~c+step+10+timestamp+5+x.png", "b~c+step+2+timestamp+5+y.png", "b~c+step+2+timestamp+5+y+compressed.webp", "other.png"];
    const found = byKey(files.map((path) => ({ path: `images/${path}` })));
    expect([...found.keys()]).toEqual(["b/c"]);
    const steps = found.get("b/c") ?? [];
    expect(steps.map((file) => file.step)).toEqual([2, 10]);
    expect(atStep(steps, 9)?.step).toBe(2);
    expect(atStep(steps, 1)?.step).toBe(2);
    expect(thinned([0, 1, 2, 3, 4], 3)).toEqual([0, 2, 4]);
  });
});
