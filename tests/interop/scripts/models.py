"""Data sets and logged models through MLflow's own client, with scikit-learn."""

from uuid import uuid4

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression

client = MlflowClient()
mark = uuid4().hex[:8]
experiment = mlflow.set_experiment(f"models-{mark}")
frame = pd.DataFrame({"x": np.arange(20.0), "y": np.arange(20.0) * 2 + 1})

with mlflow.start_run() as run:
    dataset = mlflow.data.from_pandas(frame, name=f"line-{mark}", targets="y")
    mlflow.log_input(dataset, context="training", tags={"part": "one"})
    fitted = LinearRegression().fit(frame[["x"]], frame["y"])
    logged = mlflow.sklearn.log_model(fitted, name="line", input_example=frame[["x"]].head(2), params={"k": 1})
    mlflow.log_metric("r2", 1.0, model_id=logged.model_id, dataset=dataset)

inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
assert [(i.dataset.name, i.dataset.digest) for i in inputs] == [(dataset.name, dataset.digest)]
assert {t.key: t.value for t in inputs[0].tags} == {"mlflow.data.context": "training", "part": "one"}
for condition in (
    f"dataset.name = 'line-{mark}'",
    f"dataset.digest = '{dataset.digest}'",
    "dataset.context = 'training'",
):
    assert [r.info.run_id for r in client.search_runs([experiment.experiment_id], condition)] == [run.info.run_id]
assert client.search_runs([experiment.experiment_id], "dataset.context = 'test'") == []

model = mlflow.get_logged_model(logged.model_id)
assert str(model.status) == "READY" or model.status.name == "READY"
assert model.name == "line"
assert model.source_run_id == run.info.run_id
assert model.params["k"] == "1"
assert [(m.key, m.value) for m in model.metrics] == [("r2", 1.0)]
outputs = client.get_run(run.info.run_id).outputs.model_outputs
assert [o.model_id for o in outputs] == [logged.model_id]
found = mlflow.search_logged_models([experiment.experiment_id], filter_string="name = 'line'", output_format="list")
assert [m.model_id for m in found] == [logged.model_id]
assert (
    mlflow.search_logged_models([experiment.experiment_id], filter_string="name = 'other'", output_format="list") == []
)
client.set_logged_model_tags(logged.model_id, {"grade": "good"})
assert mlflow.get_logged_model(logged.model_id).tags["grade"] == "good"

want = fitted.predict(frame[["x"]])
for uri in (logged.model_uri, f"runs:/{run.info.run_id}/line"):
    assert np.array_equal(mlflow.sklearn.load_model(uri).predict(frame[["x"]]), want)
assert np.array_equal(mlflow.pyfunc.load_model(logged.model_uri).predict(frame[["x"]]), want)
assert mlflow.models.get_model_info(logged.model_uri).signature is not None
print("ok")
