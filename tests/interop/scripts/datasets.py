"""Datasets and what runs say of them: one script for MLflow's client and for Clew's, against either server."""

import json
import os
from uuid import uuid4

try:
    import mlflow
except ImportError:
    import clew as mlflow

import numpy as np
import pandas as pd

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment(f"datasets-{uuid4().hex[:8]}")
frame = pd.DataFrame({"a": [1, 2, 3], "b": [1.5, 2.5, None], "c": ["x", "y", "z"]})
web = mlflow.data.from_pandas(frame, source="https://a.b/x.csv", targets="c", name="web")
assert json.loads(web.to_json()) == web.to_dict()
assert (web.name, web.targets, web.source.url) == ("web", "c", "https://a.b/x.csv")
sources = {
    "/tmp/x.csv": ("local", {"uri": "/tmp/x.csv"}),
    "file:///tmp/x.csv": ("local", {"uri": "file:///tmp/x.csv"}),
    "s3://bucket/x": ("s3", {"uri": "s3://bucket/x"}),
    "gs://bucket/x": ("gs", {"uri": "gs://bucket/x"}),
    "hdfs://a/b": ("hdfs", {"uri": "hdfs://a/b"}),
    "http://a.b/": ("http", {"url": "http://a.b/"}),
}
for given, (kind, fields) in sources.items():
    found = mlflow.data.from_numpy(np.arange(3), source=given).to_dict()
    assert (found["source_type"], json.loads(found["source"])) == (kind, fields), found
assert "mlflow.user" in json.loads(mlflow.data.from_pandas(frame).to_dict()["source"])["tags"]

with mlflow.start_run() as run:
    mlflow.log_input(web, context="training", tags={"k": "v"})
    mlflow.log_input(mlflow.data.from_numpy({"x": np.ones((2, 2))}, targets=np.arange(2), name="arrays"))
    mlflow.log_metric("acc", 0.5, dataset=web)
inputs = {i.dataset.name: i for i in mlflow.get_run(run.info.run_id).inputs.dataset_inputs}
assert set(inputs) == {"web", "arrays"}
stored = inputs["web"].dataset
logged = web.to_dict()
for field in ("name", "digest", "source_type", "source", "schema", "profile"):
    assert getattr(stored, field) == logged[field], field
tags = inputs["web"].tags
assert (
    {t.key: t.value for t in tags} if isinstance(tags, list) else tags == {"k": "v", "mlflow.data.context": "training"}
)
for known in (web, stored, inputs["web"]):
    assert mlflow.data.get_source(known).url == "https://a.b/x.csv"
for wrong in (
    lambda: mlflow.data.from_pandas(frame, targets="none"),
    lambda: mlflow.data.from_pandas(frame, predictions="none"),
    lambda: mlflow.data.from_pandas(frame, source="dbfs:/x"),
    lambda: mlflow.data.from_pandas(frame, source=5),
    lambda: mlflow.data.get_dataset_source_from_json("{}", "none"),
):
    try:
        wrong()
    except Exception:  # noqa: BLE001 - MLflow and Clew raise different classes
        continue
    raise AssertionError("not refused")
print("ok")
