/** Code to copy, filled with this server's own address and the experiment's name. */

export interface Snippet {
  id: string;
  label: string;
  code: string;
}

/** The address that a client on this machine would use for the server behind this page. */
export function trackingUri(): string {
  return document.baseURI.replace(/\/$/, "");
}

export function loggingSnippets(experiment: string): Snippet[] {
  const uri = trackingUri();
  const name = JSON.stringify(experiment);
  const body = (module: string) =>
    [
      `import ${module}`,
      "",
      `${module}.set_tracking_uri("${uri}")`,
      `${module}.set_experiment(${name})`,
      `with ${module}.start_run():`,
      `    ${module}.log_param("lr", 1e-3)`,
      "    for step in range(100):",
      `        ${module}.log_metric("loss", 1 / (step + 1), step=step)`,
    ].join("\n");
  return [
    { id: "clew", label: "Python", code: body("clew") },
    {
      id: "sklearn",
      label: "scikit-learn",
      code: [
        "import clew",
        "from sklearn.datasets import load_diabetes",
        "from sklearn.ensemble import RandomForestRegressor",
        "",
        `clew.set_tracking_uri("${uri}")`,
        `clew.set_experiment(${name})`,
        "clew.autolog()",
        "RandomForestRegressor(max_depth=6).fit(*load_diabetes(return_X_y=True))",
      ].join("\n"),
    },
    { id: "mlflow", label: "MLflow client", code: body("mlflow") },
    {
      id: "curl",
      label: "curl",
      code: [
        `curl -s ${uri}/api/2.0/mlflow/experiments/create \\`,
        "  -H 'Content-Type: application/json' \\",
        `  -d '${JSON.stringify({ name: experiment }).replaceAll("'", "'\\''")}'`,
      ].join("\n"),
    },
  ];
}

export const METRIC_SNIPPET: Snippet[] = [
  { id: "metric", label: "Python", code: 'clew.log_metric("loss", 0.1, step=1)' },
];

export const ARTIFACT_SNIPPET: Snippet[] = [
  { id: "artifact", label: "Python", code: 'clew.log_artifact("confusion.png")' },
];

export const SYSTEM_SNIPPET: Snippet[] = [
  { id: "system", label: "Python", code: "clew.enable_system_metrics_logging()" },
];

export const CONSOLE_SNIPPET: Snippet[] = [{ id: "console", label: "Python", code: "clew.capture_console()" }];

export const NESTED_SNIPPET: Snippet[] = [
  { id: "nested", label: "Python", code: 'with clew.start_run(run_name="fold-1", nested=True):\n    clew.log_metric("acc", 0.9)' },
];
