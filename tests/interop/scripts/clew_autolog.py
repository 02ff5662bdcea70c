"""Clew's autologging and ``log_model`` against a server of either kind."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Lasso

import clew

X, Y = load_diabetes(return_X_y=True, as_frame=True)
clew.set_experiment("models-of-clew")

clew.autolog()
forest = RandomForestRegressor(n_estimators=3, max_depth=2, random_state=0).fit(X, Y)
clew.autolog(disable=True)

(run,) = clew.search_runs(output_format="list", max_results=1)
assert run.info.status == "FINISHED", run
assert run.data.params["max_depth"] == "2", run.data.params
assert "training_r2_score" in run.data.metrics, run.data.metrics
assert run.inputs.dataset_inputs[0].tags == {"mlflow.data.context": "train"}, run.inputs
(output,) = run.outputs.model_outputs
for uri in (f"models:/{output.model_id}", f"runs:/{run.info.run_id}/model"):
    assert np.array_equal(clew.pyfunc.load_model(uri).predict(X), forest.predict(X)), uri

with clew.start_run():
    lasso = Lasso().fit(X, Y)
    info = clew.sklearn.log_model(lasso, "by hand", input_example=X.head(2), metadata={"mine": 1}, params={"a": 1})
    assert np.allclose(clew.sklearn.load_model(info.model_uri).predict(X), lasso.predict(X))
known = clew.models.get_model_info(info.model_uri)
assert known.params == {"a": "1"}, known
assert known.signature == info.signature, known
print("ok")
