"""Metrics and artifacts of evaluations, a line of JSON each after ``=``; then ok."""

import json

try:
    import mlflow
except ImportError:
    import clew as mlflow

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression

mlflow.set_experiment("evaluations")
rng = np.random.default_rng(5)


def samples(count: int) -> pd.DataFrame:
    y = np.arange(90) % count
    return pd.DataFrame({"a": y + rng.normal(0, 0.7, 90), "b": -y + rng.normal(0, 0.7, 90), "y": y})


def tell(result) -> None:
    metrics = {name: round(float(value), 9) for name, value in sorted(result.metrics.items())}
    print("=", json.dumps([metrics, sorted(result.artifacts)]))


def logged(model, frame) -> str:
    with mlflow.start_run():
        return mlflow.sklearn.log_model(model, name="m", input_example=frame.head(3)).model_uri


numbers = samples(3).assign(said=lambda f: f["a"] * 1.1)
fitted = LinearRegression().fit(numbers[["a", "b"]], numbers["y"] * 1.0)
line = logged(fitted, numbers[["a", "b"]])
weights = rng.uniform(size=90)
for config in ({}, {"sample_weights": weights}, {"metric_prefix": "val_"}):
    more = {"model_type": "regressor", "targets": "y", "evaluator_config": config}
    tell(mlflow.models.evaluate(data=numbers, predictions="said", **more))
    tell(mlflow.models.evaluate(line, numbers[["a", "b", "y"]], **more))
    tell(mlflow.models.evaluate(lambda frame: frame["a"], numbers[["a", "b", "y"]], **more))

for count in (2, 3):
    frame = samples(count)
    model = logged(LogisticRegression().fit(frame[["a", "b"]], frame["y"]), frame[["a", "b"]])
    names = np.array(["ant", "bee", "cow"])
    texts = frame.assign(y=names[frame["y"]])
    by_name = logged(LogisticRegression().fit(texts[["a", "b"]], texts["y"]), texts[["a", "b"]])
    configs = [{}, {"sample_weights": weights}, {"label_list": list(range(count))}]
    configs += [{"pos_label": 0}] if count == 2 else [{"average": "macro"}, {"average": "micro"}]
    for config in configs:
        more = {"model_type": "classifier", "targets": "y", "evaluator_config": config}
        tell(mlflow.models.evaluate(model, frame, **more))
        static = frame[["y"]].assign(p=np.roll(frame["y"], 1))
        tell(mlflow.models.evaluate(data=static, predictions="p", **more))
    tell(mlflow.models.evaluate(by_name, texts, targets="y", model_type="classifier"))


def spread(predictions, targets, metrics):
    return float((predictions - targets).std()) + metrics["r2_score"].aggregate_results["r2_score"]


def rows(predictions, targets):
    return mlflow.metrics.MetricValue(scores=list((predictions - targets).abs()))


extra = [
    mlflow.metrics.make_metric(eval_fn=spread, greater_is_better=False),
    mlflow.models.make_metric(eval_fn=rows, greater_is_better=False, version="v1"),
    mlflow.metrics.mape(),
]
result = mlflow.models.evaluate(
    data=numbers, targets="y", predictions="said", model_type="regressor", extra_metrics=extra
)
tell(result)
table = result.tables["eval_results_table"]
print("=", json.dumps([sorted(table.columns), round(float(table["rows/v1/score"].sum()), 9)]))
better = mlflow.models.MetricThreshold(min_relative_change=0.5, greater_is_better=False)
mlflow.validate_evaluation_results({"max_error": mlflow.models.MetricThreshold(99, greater_is_better=False)}, result)
try:
    mlflow.validate_evaluation_results({"max_error": better}, result, result)
except mlflow.exceptions.MlflowException as error:
    print("=", error.error_code)
print("ok")
