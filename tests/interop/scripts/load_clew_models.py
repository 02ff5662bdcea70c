"""MLflow's client loads the models that ``clew_autolog`` logged."""

from __future__ import annotations

import mlflow
import numpy as np
from sklearn.datasets import load_diabetes

X, Y = load_diabetes(return_X_y=True, as_frame=True)
experiment = mlflow.get_experiment_by_name("models-of-clew")
found = mlflow.search_logged_models([experiment.experiment_id], output_format="list")
models = {model.name: model for model in found}
assert set(models) == {"model", "by hand"}, models

forest, lasso = models["model"], models["by hand"]
assert forest.status == "READY", forest
assert forest.params["max_depth"] == "2", forest.params
assert {"training_r2_score"} <= {metric.key for metric in forest.metrics}, forest.metrics
run = mlflow.get_run(forest.source_run_id)
assert run.outputs.model_outputs[0].model_id == forest.model_id, run.outputs

native = mlflow.sklearn.load_model(forest.model_uri)
assert native.get_params()["n_estimators"] == 3
assert np.array_equal(mlflow.pyfunc.load_model(forest.model_uri).predict(X), native.predict(X))
assert np.array_equal(mlflow.pyfunc.load_model(f"runs:/{forest.source_run_id}/model").predict(X), native.predict(X))

loaded = mlflow.pyfunc.load_model(lasso.model_uri)
assert loaded.metadata.metadata["mine"] == 1
assert loaded.input_example.shape == (2, 10)
assert loaded.metadata.signature.inputs.input_names() == list(X.columns)
print("ok")
