/** Code to copy for a registered model, filled with this server's own address. */
import type { ModelVersion } from "../../api/types";
import { modelUri } from "../../data/registry";
import { trackingUri, type Snippet } from "../snippets";

const LONG_EXAMPLE = 400;

export function registerSnippets(): Snippet[] {
  const body = (module: string) =>
    [
      `import ${module}`,
      "",
      `${module}.set_tracking_uri("${trackingUri()}")`,
      `with ${module}.start_run():`,
      `    ${module}.sklearn.log_model(model, name="model", registered_model_name="wine_quality")`,
    ].join("\n");
  return [
    { id: "clew", label: "Python", code: body("clew") },
    { id: "mlflow", label: "MLflow client", code: body("mlflow") },
  ];
}

/** JSON without the spaces that it does not need. */
function compact(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json.trim();
  }
}

/** How a version is loaded, served and used on files. `example`: the body of a scoring request, where the model has one. */
export function usageSnippets(version: ModelVersion, example: string | undefined): Snippet[] {
  const uri = modelUri(version);
  const load = (module: string) =>
    [
      `import ${module}`,
      "",
      `${module}.set_tracking_uri("${trackingUri()}")`,
      `model = ${module}.pyfunc.load_model("${uri}")`,
      "model.predict(data)",
    ].join("\n");
  const body = example === undefined ? '{"inputs": []}' : compact(example);
  const data = body.length <= LONG_EXAMPLE ? `'${body.replaceAll("'", "'\\''")}'` : "@serving_input_example.json";
  const environment = `export CLEW_TRACKING_URI=${trackingUri()}`;
  return [
    { id: "clew", label: "Python", code: load("clew") },
    { id: "mlflow", label: "MLflow client", code: load("mlflow") },
    {
      id: "serve",
      label: "HTTP",
      code: [
        environment,
        `clew models serve -m '${uri}' --port 5001`,
        "curl -s http://127.0.0.1:5001/invocations -H 'Content-Type: application/json' \\",
        `  -d ${data}`,
      ].join("\n"),
    },
    {
      id: "predict",
      label: "CSV, Parquet",
      code: [environment, `clew models predict -m '${uri}' -i rows.parquet -o scores.parquet`].join("\n"),
    },
  ];
}
