"""The arguments of every public function and client method, as JSON: name to its parameters in order; then ok."""

import inspect
import json

try:
    import mlflow
except ImportError:
    import clew as mlflow


def parameters(function) -> list[str]:
    return [p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]


found = {}
for owner, prefix in (
    (mlflow, ""),
    (mlflow.MlflowClient, "client."),
    (mlflow.data, "data."),
    (mlflow.artifacts, "artifacts."),
    (mlflow.config, "config."),
):
    # Some modules of Clew's make their names on demand.
    lazy = ("download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text")
    for name in {*dir(owner), *getattr(owner, "__all__", ()), *lazy}:
        value = None if name.startswith("_") else getattr(owner, name, None)
        if inspect.isfunction(value) or inspect.isbuiltin(value):
            found[prefix + name] = parameters(value)
print(json.dumps(found))
print("ok")
