import { describe, expect, it } from "vitest";
import { mayRunCode } from "../src/data/modelcode";

const mlmodel = (loader: string, more = "") =>
  `flavors:\n  python_function:\n    env:\n      conda: conda.yaml\n    loader_module: ${loader}\n${more}  other:\n    code: null\n`;

describe("code in a model", () => {
  it("is none in formats that hold data only", () => {
    expect(mayRunCode(mlmodel("mlflow.sklearn", "    model_path: model.skops\n"), ["MLmodel", "model.skops"])).toBe(false);
    expect(mayRunCode(mlmodel("mlflow.xgboost", "    data: model.ubj\n"), ["MLmodel", "model.ubj"])).toBe(false);
    expect(mayRunCode(mlmodel("mlflow.pytorch", "    serialization_format: pt2\n"), ["MLmodel", "data"])).toBe(false);
  });

  it("is there in pickles, scripts, folders of code and loaders that nobody knows", () => {
    expect(mayRunCode(mlmodel("mlflow.sklearn", "    model_path: model.pkl\n"), ["MLmodel"])).toBe(true);
    expect(mayRunCode(mlmodel("mlflow.sklearn"), ["MLmodel", "model.pkl"])).toBe(true);
    expect(mayRunCode(mlmodel("mlflow.sklearn", "    code: code\n"), ["MLmodel", "model.skops"])).toBe(true);
    expect(mayRunCode(mlmodel("mlflow.pytorch"), ["MLmodel", "data"])).toBe(true);
    expect(mayRunCode(mlmodel("mlflow.pyfunc.model"), ["MLmodel", "python_model.pkl"])).toBe(true);
    expect(mayRunCode(mlmodel("mlflow.pyfunc.loaders.code_model"), ["MLmodel", "model.py"])).toBe(true);
    expect(mayRunCode(mlmodel("ourloader"), ["MLmodel"])).toBe(true);
  });
});
