"""Unmodified autologging of MLflow's, with a Clew server behind it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

import clew
from clew.entities.run import Run, RunStatus
from peers import ask_with_frameworks

pytestmark = [pytest.mark.frameworks, pytest.mark.interop]

TRAIN = """
import logging, mlflow
logging.disable(logging.CRITICAL)
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("autologged by MLflow")
import lightgbm, xgboost
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
mlflow.autolog(log_input_examples=True)
X, y = load_diabetes(return_X_y=True, as_frame=True)
Ridge(alpha=0.5).fit(X, y)
GridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, cv=2).fit(X, y)
train, valid = xgboost.DMatrix(X[:300], y[:300]), xgboost.DMatrix(X[300:], y[300:])
xgboost.train({"max_depth": 2, "nthread": 1}, train, 5, evals=[(valid, "valid")], verbose_eval=False)
lightgbm.LGBMRegressor(n_estimators=5, n_jobs=1, verbose=-1).fit(X[:300], y[:300], eval_X=X[300:], eval_y=y[300:])
"""

X, Y = load_diabetes(return_X_y=True, as_frame=True)


def test_its_runs_are_complete(clew_server_sqlite: str, peer_python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_with_frameworks(peer_python, TRAIN, clew_server_sqlite, timeout=280)
    monkeypatch.setattr(clew.client.session.session, "tracking_uri", None)
    clew.set_tracking_uri(clew_server_sqlite)
    found = clew.search_runs(experiment_names=["autologged by MLflow"], output_format="list")
    assert isinstance(found, list)
    children = [run for run in found if "mlflow.parentRunId" in run.data.tags]
    (search,) = (run for run in found if "param_grid" in run.data.params)
    runs = {run.data.tags["mlflow.autologging"]: run for run in found if run is not search and run not in children}
    assert set(runs) == {"sklearn", "xgboost", "lightgbm"}

    ridge = runs["sklearn"]
    assert ridge.data.params["alpha"] == "0.5"
    assert {"training_r2_score", "training_score"} <= set(ridge.data.metrics)
    assert names_of(ridge) == [("dataset", "train")]

    assert {"best_alpha", "cv"} <= set(search.data.params)
    assert {"best_cv_score", "training_score"} <= set(search.data.metrics)
    assert names_of(search) == [("dataset", "train")]
    assert {run.data.params["alpha"] for run in children} == {"0.1", "1.0", "10.0"}
    for child in children:
        assert child.data.tags["mlflow.parentRunId"] == search.info.run_id
        assert child.info.status == RunStatus.FINISHED
        assert {"mean_test_score", "rank_test_score", "mean_fit_time"} <= set(child.data.metrics)
    files = {file.path for file in clew.artifacts.list_artifacts(run_id=search.info.run_id)}
    assert {"cv_results.csv", "estimator.html"} <= files

    boosted = runs["xgboost"]
    assert boosted.data.params["num_boost_round"] == "5"
    assert steps_of(boosted, "valid-rmse") == {0, 1, 2, 3, 4}
    assert names_of(boosted) == [("dataset", "train"), ("valid", "eval")]
    weights = clew.artifacts.load_dict(f"runs:/{boosted.info.run_id}/feature_importance_weight.json")
    assert set(weights) <= set(X.columns)

    light = runs["lightgbm"]
    assert light.data.params["num_boost_round"] == "5"
    assert steps_of(light, "valid_0-l2") == {0, 1, 2, 3, 4}
    assert [context for _, context in names_of(light)] == ["train", "eval"]

    for run in (search, *runs.values()):
        assert run.info.status == RunStatus.FINISHED
        loaded = clew.pyfunc.load_model(f"runs:/{run.info.run_id}/model", trust="pickle")
        assert np.isfinite(loaded.predict(X)).all()
        assert loaded.input_example.shape == (5, 10)


def steps_of(run: Run, key: str) -> set[int]:
    # MLflow writes some points twice.
    return {point.step for point in clew.get_metric_history(run.info.run_id, key)}


def names_of(run: Run) -> list[tuple[str, str]]:
    found = [(i.dataset.name, i.tags["mlflow.data.context"]) for i in run.inputs.dataset_inputs]
    return sorted(found, key=lambda pair: pair[1], reverse=True)
