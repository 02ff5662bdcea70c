/** Whether a model brings code along that runs when it is loaded, as far as its MLmodel file tells. */

/** Loaders whose files run no code unless they are pickles. */
const PLAIN = new Set(["sklearn", "xgboost", "lightgbm", "catboost", "keras", "onnx", "transformers", "pytorch", "spark"]);
const PICKLE = /\.(?:pkl|pickle|pth|joblib|statsmodels)\b/;

/** `files`: names in the model's folder. A wrong yes does no harm, so what is not known counts as code. */
export function mayRunCode(mlmodel: string, files: readonly string[]): boolean {
  const loader = /^ +loader_module: *['"]?([\w.]+)/m.exec(mlmodel)?.[1];
  const flavor = loader?.replace(/^mlflow\./, "");
  if (flavor !== undefined && !PLAIN.has(flavor)) return true;
  if (/^ +code: *(?!null\b|None\b|~)\S/m.test(mlmodel) || PICKLE.test(mlmodel) || files.some((file) => PICKLE.test(file))) return true;
  return flavor === "pytorch" && !mlmodel.includes("pt2");
}
