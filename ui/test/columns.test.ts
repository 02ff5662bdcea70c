import { describe, expect, it } from "vitest";
import {
  arrange,
  columnKey,
  columnKind,
  columnReduction,
  defaultColumns,
  isColumnId,
  isEvaluation,
  moveColumn,
  orderBy,
  quoteKey,
  reduced,
  roomFor,
  shiftColumn,
  wireColumn,
  withColumn,
} from "../src/data/columns";

const many = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({ key: `${prefix}${index}`, runs: 100 - index, distinct: 3 }));

describe("default columns", () => {
  it("shows params that vary, by how many runs have them, and metrics of evaluation first", () => {
    const columns = defaultColumns(
      {
        params: [
          { key: "seed", runs: 50, distinct: 9 },
          { key: "framework", runs: 100, distinct: 1 },
          { key: "lr", runs: 100, distinct: 40 },
        ],
        metrics: [
          { key: "train/loss", runs: 100 },
          { key: "system/cpu", runs: 100 },
          { key: "val/acc", runs: 90 },
        ],
        tags: [{ key: "team", runs: 100 }],
      },
      16,
    );
    expect(columns).toEqual([
      "a.status",
      "a.start_time",
      "a.duration",
      "a.user_id",
      "p.lr",
      "p.seed",
      "m.val/acc",
      "m.train/loss",
    ]);
  });

  it("shows the dataset where runs differ in it", () => {
    const datasets = (distinct: number) => [{ key: "name", runs: 9, distinct }];
    expect(defaultColumns({ datasets: datasets(2) }, 9).at(-1)).toBe("d.name");
    expect(defaultColumns({ datasets: datasets(1) }, 9)).not.toContain("d.name");
  });

  it("shows at most 8 of each", () => {
    const columns = defaultColumns({ params: many("p", 30), metrics: many("m", 30) }, 99);
    expect(columns.filter((id) => id.startsWith("p."))).toHaveLength(8);
    expect(columns.filter((id) => id.startsWith("m."))).toHaveLength(8);
  });

  it("shares a narrow window between params and metrics", () => {
    const columns = defaultColumns({ params: many("p", 30), metrics: many("m", 30) }, roomFor(1024));
    expect(columns.filter((id) => id.startsWith("p."))).toHaveLength(3);
    expect(columns.filter((id) => id.startsWith("m."))).toHaveLength(3);
  });

  it("gives the room of missing metrics to params", () => {
    const columns = defaultColumns({ params: many("p", 30), metrics: many("m", 1) }, 6);
    expect(columns.filter((id) => id.startsWith("p."))).toHaveLength(5);
  });
});

describe("columns on the wire", () => {
  it("names params, metrics and tags; attributes come with every run", () => {
    expect(["p.lr", "m.val/acc", "t.a.b", "a.status"].map(wireColumn)).toEqual([
      "params.lr",
      "metrics.val/acc",
      "tags.a.b",
      null,
    ]);
  });

  it("quotes keys in a sort", () => {
    expect(quoteKey("lr")).toBe("lr");
    expect(quoteKey("a`b")).toBe('"a`b"');
    expect(orderBy({ column: "m.val/acc", descending: true })).toBe("metrics.`val/acc` DESC");
    expect(orderBy({ column: "a.start_time", descending: false })).toBe("attributes.start_time ASC");
  });

  it("names the value of a metric that is shown", () => {
    expect(["max.val/acc", "mean.loss"].map(wireColumn)).toEqual(["metrics.`val/acc`.max", "metrics.`loss`.mean"]);
    expect(orderBy({ column: "max.val/acc", descending: true })).toBe("metrics.`val/acc`.max DESC");
    expect([columnKind("max.a.b"), columnKey("max.a.b"), columnReduction("max.a.b")]).toEqual(["metric", "a.b", "max"]);
    expect(columnReduction("m.max.b")).toBe("last");
    expect(["p.lr", "median.x", "x", "p.", "toString.x"].map(isColumnId)).toEqual([true, false, false, false, false]);
  });

  it("keeps kinds together", () => {
    expect(arrange(["m.b", "p.z", "a.status", "p.a"])).toEqual(["a.status", "p.z", "p.a", "m.b"]);
  });
});

describe("the order of columns", () => {
  const columns = ["a.status", "p.lr", "m.acc", "m.loss"];

  it("takes a new column after the last of its kind", () => {
    expect(withColumn(columns, "p.bs")).toEqual(["a.status", "p.lr", "p.bs", "m.acc", "m.loss"]);
    expect(withColumn(columns, "t.team")).toEqual([...columns, "t.team"]);
    expect(withColumn(columns, "p.lr")).toEqual(columns);
  });

  it("changes by moving before another column, to the end, or by one place", () => {
    expect(moveColumn(columns, "m.loss", "p.lr")).toEqual(["a.status", "m.loss", "p.lr", "m.acc"]);
    expect(moveColumn(columns, "a.status", null)).toEqual(["p.lr", "m.acc", "m.loss", "a.status"]);
    expect(moveColumn(columns, "p.lr", "p.lr")).toEqual(columns);
    expect(shiftColumn(columns, [], "p.lr", 1)).toEqual(["a.status", "m.acc", "p.lr", "m.loss"]);
    expect(shiftColumn(columns, [], "a.status", -1)).toEqual(columns);
    expect(shiftColumn(columns, ["p.lr", "m.loss"], "m.loss", -1)).toEqual(["a.status", "m.loss", "p.lr", "m.acc"]);
  });

  it("stays when a column shows another value of its metric", () => {
    expect(reduced(columns, "m.acc", "max")).toEqual(["a.status", "p.lr", "max.acc", "m.loss"]);
    expect(reduced(["m.acc", "max.acc"], "m.acc", "max")).toEqual(["max.acc"]);
  });
});

describe("metrics of evaluation", () => {
  it.each(["val/acc", "val_loss", "acc.test", "validation_f1", "mse_x_test", "valLoss", "eval-auc"])("%s is one", (key) => {
    expect(isEvaluation(key)).toBe(true);
  });

  it.each(["values", "latest", "train/acc", "interval", "contest"])("%s is none", (key) => {
    expect(isEvaluation(key)).toBe(false);
  });

  it("come with the headline before the details", () => {
    const metrics = ["test/class_0/f1", "test/class_1/f1", "loss", "val/acc"].map((key) => ({ key, runs: 9 }));
    expect(defaultColumns({ metrics }, 4).slice(4)).toEqual(["m.val/acc", "m.test/class_0/f1", "m.test/class_1/f1", "m.loss"]);
  });
});
