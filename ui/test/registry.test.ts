import { describe, expect, it } from "vitest";
import type { ModelVersion } from "../src/api/types";
import {
  byStage,
  concerns,
  isAlias,
  decodeModel,
  decodeModels,
  encodeModel,
  encodeModels,
  keptPath,
  modelAddress,
  modelUri,
  partOf,
  readVersions,
  stagesThen,
  toLocalInput,
  undoOf,
  versionsFilter,
  wouldArchive,
  type Plan,
} from "../src/data/registry";
import { readSignature } from "../src/data/mlmodel";
import { versionDifferences } from "../src/data/versiondiff";

const version = (number: string, more: Partial<ModelVersion> = {}): ModelVersion => ({ name: "wine", version: number, ...more });

describe("addresses of models", () => {
  it.each(["wine_quality", "a b?c#d", "50%", "模型"])("give %s back", (name) => {
    expect(partOf(modelAddress(name).slice("/models/".length))).toBe(name);
  });

  it("hold the filter and the order of the list, and nothing where they are the default", () => {
    const view = { filter: "tags.team = 'search'", column: "name", descending: true } as const;
    expect(decodeModels(encodeModels(view))).toEqual(view);
    expect(encodeModels(decodeModels(""))).toBe("");
  });

  it("name each compared version once and drop what is no number", () => {
    expect(readVersions("3,5,x,3,")).toEqual(["3", "5"]);
    expect(readVersions(null)).toEqual([]);
  });
});

describe("versions", () => {
  it("stand with those in use first", () => {
    const versions = [version("1", { current_stage: "Archived" }), version("4"), version("3", { current_stage: "Production" })];
    expect(byStage(versions).map((one) => one.version)).toEqual(["3", "1", "4"]);
  });

  it("are taken by an alias where they have one", () => {
    expect(modelUri(version("3", { aliases: ["champion"] }))).toBe("models:/wine@champion");
    expect(modelUri(version("3"))).toBe("models:/wine/3");
  });

  it("lie on the server or elsewhere", () => {
    expect(keptPath("mlflow-artifacts:/1/models/m-1/artifacts")).toBe("1/models/m-1/artifacts");
    expect(keptPath("mlflow-artifacts://host/1")).toBeNull();
    expect(keptPath("s3://bucket/model")).toBeNull();
  });
});

describe("moves", () => {
  const plan: Plan = { kind: "stage", version: "4", from: "Staging", to: "Production", archive: true };

  it("archive what stands in the stage, and undo brings it back", () => {
    const versions = [version("4", { current_stage: "Staging" }), version("3", { current_stage: "Production" }), version("2")];
    const archived = wouldArchive(plan, versions);
    expect(archived).toEqual(["3"]);
    expect(wouldArchive({ ...plan, archive: false }, versions)).toEqual([]);
    expect(undoOf(plan, archived)).toEqual([
      { kind: "stage", version: "4", from: "Production", to: "Staging", archive: false },
      { kind: "stage", version: "3", from: "Archived", to: "Production", archive: false },
    ]);
  });

  it("of an alias are undone to the version that it meant, or to none", () => {
    expect(undoOf({ kind: "alias", alias: "champion", from: "2", to: "3" }, [])).toEqual([
      { kind: "alias", alias: "champion", from: "3", to: "2" },
    ]);
    expect(undoOf({ kind: "alias", alias: "new", from: "", to: "3" }, [])[0]).toMatchObject({ to: "" });
  });

  it("take as an alias what does not read as a version", () => {
    expect(["champion", "冠军", "a-b_1", "vnext"].filter((text) => !isAlias(text))).toEqual([]);
    expect(["latest", "Latest", "v3", "a b", "a@b", ""].filter(isAlias)).toEqual([]);
  });

  it("concern a version that they take an alias from", () => {
    const move = { id: 1, timestamp: 0, kind: "alias", version: "3", alias: "champion", before: "2", after: "3" } as const;
    expect([concerns(move, "2"), concerns(move, "3"), concerns(move, "1")]).toEqual([true, true, false]);
  });
});

const MLMODEL = `flavors:
  sklearn:
    code: null
signature:
  inputs: '[{"type": "double", "name": "fixed_acidity", "required": true}, {"type":
    "array", "items": {"type": "string"}, "name": "it''s", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1, 3]}}]'
  params: '[{"name": "k", "dtype": "long", "default": 5, "shape": null}]'
type_hint_from_example: false
`;

describe("the signature of an MLmodel file", () => {
  it("is read with folded lines, quotes, nested types, tensors and params", () => {
    expect(readSignature(MLMODEL)).toEqual({
      inputs: [
        { name: "fixed_acidity", type: "double", required: true },
        { name: "it's", type: "array<string>", required: false },
      ],
      outputs: [{ name: "", type: "int64 [-1, 3]", required: true }],
      params: [{ name: "k", type: "long", required: false, default: "5" }],
    });
  });

  it("is null where there is none or it cannot be read", () => {
    expect(readSignature("flavors: {}\n")).toBeNull();
    expect(readSignature("signature:\n  inputs: '[{broken'\n")).toBeNull();
    expect(readSignature("")).toBeNull();
  });
});

describe("a model's page", () => {
  it("is in its address, whatever is shown", () => {
    const view = { selected: ["3", "5"], filter: "tags.team = 'a & b'", at: Date.UTC(2026, 10, 26, 9, 0, 0, 123) };
    expect(decodeModel(encodeModel(view))).toEqual(view);
    expect(encodeModel({ selected: [], filter: "", at: null })).toBe("");
    expect(decodeModel("at=yesterday&sel=x,1")).toEqual({ selected: ["1"], filter: "", at: null });
  });

  it("puts the versions of a time under their stages, those of use first", () => {
    const stages = [
      { version: "2", stage: "Archived" },
      { version: "9", stage: "Production" },
      { version: "10", stage: "Production" },
      { version: "1", stage: "None" },
    ] as const;
    expect(stagesThen(stages)).toEqual([
      { stage: "Production", versions: ["10", "9"] },
      { stage: "Archived", versions: ["2"] },
    ]);
  });

  it("writes a time as a field takes it, in the reader's zone", () => {
    const ms = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    expect(new Date(toLocalInput(ms)).getTime()).toBe(ms - 678);
  });

  it("finds versions of its own only, whatever the filter says", () => {
    expect(versionsFilter("a'b", "")).toBe(`name = "a'b"`);
    expect(versionsFilter("a", "run_id = 'x' OR 1")).toBe("name = 'a' AND (run_id = 'x' OR 1)");
  });
});

describe("versions beside each other", () => {
  const facts = (number: string, lr: string, auc: number) => ({
    version: version(number, {
      model_params: [{ name: "lr", value: lr }],
      model_metrics: [{ key: "auc", value: auc }],
      tags: [{ key: "mlflow.hidden", value: number }],
    }),
    run: null,
    signature: readSignature(MLMODEL),
  });

  it("tell which keys are the same, part by part", () => {
    const parts = versionDifferences([facts("1", "0.1", 0.8), facts("2", "0.1", 0.9)]);
    expect(parts.map(({ part }) => part)).toEqual(["metrics", "params", "signature"]);
    expect(parts[0]?.rows).toEqual([{ key: "auc", texts: ["0.8", "0.9"], same: false }]);
    expect(parts[1]?.rows[0]?.same).toBe(true);
    expect(parts[2]?.rows.map((row) => row.key)).toContain("inputs · fixed_acidity");
  });

  it("have null where a version lacks the key", () => {
    const other = { version: version("2"), run: null, signature: null };
    expect(versionDifferences([facts("1", "0.1", 0.8), other])[0]?.rows[0]?.texts).toEqual(["0.8", null]);
  });
});
