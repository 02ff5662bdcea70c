"""The public names as JSON, each with its arguments (name, kind, default), null for no function; then ok."""

import inspect
import json
import re
import sys
import typing

try:
    import mlflow
except ImportError:
    import clew as mlflow

FLAVORS = (
    "catboost.",
    "lightgbm.",
    "onnx.",
    "prophet.",
    "pyfunc.",
    "pytorch.",
    "sklearn.",
    "spark.",
    "statsmodels.",
    "transformers.",
    "xgboost.",
)
KINDS = ("positional only", "positional", "several", "keyword", "keywords")


def default_of(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "needed"
    plain = isinstance(parameter.default, bool | int | float | str | None)
    return repr(parameter.default) if plain else "…"


def arguments(function) -> list[list[str]]:
    found = []
    for p in inspect.signature(function).parameters.values():
        shared = re.fullmatch(r"Unpack\[(\w+)\]", str(p.annotation))
        if shared:  # keyword arguments that a TypedDict names
            fields = typing.get_type_hints(getattr(sys.modules[function.__module__], shared[1]))
            found += [[field, "keyword", "…"] for field in fields]
        else:
            found.append([p.name, KINDS[p.kind], default_of(p)])
    return found


def names_of(owner) -> set[str]:
    # Some modules of Clew's make their names on demand.
    listed = {*dir(owner), *getattr(owner, "__all__", ())}
    if owner is mlflow.artifacts:
        listed |= {"download_artifacts", "list_artifacts", "load_dict", "load_image", "load_text"}
    return {name for name in listed if not name.startswith("_")}


found = {}
for owner, prefix in (
    (mlflow, ""),
    (mlflow.MlflowClient, "client."),
    (mlflow.data, "data."),
    (mlflow.artifacts, "artifacts."),
    (mlflow.config, "config."),
    (mlflow.metrics, "metrics."),
    (mlflow.models, "models."),
    (mlflow.pyfunc, "pyfunc."),
    (mlflow.sklearn, "sklearn."),
    (mlflow.spark, "spark."),
    (mlflow.onnx, "onnx."),
    (mlflow.pytorch, "pytorch."),
    (mlflow.transformers, "transformers."),
    (mlflow.catboost, "catboost."),
    (mlflow.lightgbm, "lightgbm."),
    (mlflow.prophet, "prophet."),
    (mlflow.statsmodels, "statsmodels."),
    (mlflow.xgboost, "xgboost."),
):
    public = getattr(owner, "__all__", ())
    for name in names_of(owner):
        value = getattr(owner, name, None)
        own = name in public or getattr(value, "__module__", "") == owner.__name__
        if prefix in FLAVORS and not own:
            continue  # what they import themselves
        if inspect.isfunction(value) or inspect.isbuiltin(value):
            found[prefix + name] = arguments(value)
        elif name in public or isinstance(owner, type):
            found[prefix + name] = None
print(json.dumps(found))
print("ok")
