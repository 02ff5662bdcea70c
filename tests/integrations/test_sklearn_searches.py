"""Searches of scikit-learn: a run, its best candidates as children, all of them as a table."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - this makes the import below possible
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import clew
from clew.entities.run import Run, RunStatus
from clew.integrations.sklearn import search

Runs = Callable[[], list[Run]]

X, Y = load_diabetes(return_X_y=True)
SMALL, TARGET = X[:80], (Y[:80] > 140).astype(int)
GRID = {"C": [0.01, 0.1, 1.0, 10.0]}


def family(runs: Runs) -> tuple[Run, list[Run]]:
    """The one parent, and its children by rank."""
    found = runs()
    (parent,) = (run for run in found if "mlflow.parentRunId" not in run.data.tags)
    children = [run for run in found if run is not parent]
    assert {run.data.tags["mlflow.parentRunId"] for run in children} <= {parent.info.run_id}
    return parent, sorted(children, key=lambda run: (run.data.metrics["rank_test_score"], run.info.run_name))


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_best_candidates_are_children(runs: Runs, caplog: pytest.LogCaptureFixture, jobs: int) -> None:
    clew.sklearn.autolog(max_tuning_runs=3)
    with caplog.at_level(logging.INFO, "clew.autolog"):
        grid = GridSearchCV(LogisticRegression(), GRID, cv=3, n_jobs=jobs).fit(SMALL, TARGET)
    parent, children = family(runs)
    assert parent.data.params["cv"] == "3"
    assert parent.data.params["best_C"] == str(grid.best_params_["C"])
    assert "estimator__C" not in parent.data.params
    assert parent.data.metrics["best_cv_score"] == grid.best_score_
    assert "training_score" in parent.data.metrics
    assert [record.message for record in caplog.records if record.message.startswith("3 of 4 candidates")] != []
    results = grid.cv_results_
    best = np.argsort(results["rank_test_score"], kind="stable")[:3]
    assert sorted(run.info.run_name for run in children) == sorted(f"trial-{n}" for n in best)
    for run in children:
        number = int(run.data.tags["trial.number"])
        candidate = LogisticRegression(**results["params"][number])
        assert run.data.params == {name: str(value) for name, value in candidate.get_params().items()}
        assert run.data.metrics["mean_test_score"] == results["mean_test_score"][number]
        assert {"std_test_score", "mean_fit_time", "std_score_time"} <= set(run.data.metrics)
        assert not any(name.startswith("split") for name in run.data.metrics)
        assert run.info.status == RunStatus.FINISHED
        assert run.data.tags["estimator_name"] == "LogisticRegression"
        assert run.inputs.dataset_inputs[0].dataset.digest == parent.inputs.dataset_inputs[0].dataset.digest
        assert run.outputs.model_outputs == ()


def test_all_candidates_are_a_table_and_the_best_estimator_is_a_model(runs: Runs) -> None:
    clew.autolog()
    grid = GridSearchCV(LogisticRegression(), GRID, cv=2).fit(SMALL, TARGET)
    parent, children = family(runs)
    assert len(children) == 4
    text = clew.artifacts.load_text(f"runs:/{parent.info.run_id}/cv_results.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [float(row["mean_test_score"]) for row in rows] == grid.cv_results_["mean_test_score"].tolist()
    assert [row["params"] for row in rows] == [str(params) for params in grid.cv_results_["params"]]
    best = clew.sklearn.load_model(f"runs:/{parent.info.run_id}/best_estimator")
    assert grid.best_params_["C"] == best.C
    assert (best.predict(SMALL) == grid.predict(SMALL)).all()
    assert isinstance(clew.sklearn.load_model(f"runs:/{parent.info.run_id}/model"), GridSearchCV)


def test_none_makes_every_candidate_a_child(runs: Runs) -> None:
    clew.sklearn.autolog(max_tuning_runs=None, log_models=False)
    RandomizedSearchCV(LogisticRegression(), {"C": np.linspace(0.1, 1, 50)}, n_iter=8, cv=2, random_state=1).fit(
        SMALL, TARGET
    )
    assert len(family(runs)[1]) == 8


def test_a_search_by_halving(runs: Runs) -> None:
    clew.autolog(log_models=False)
    HalvingGridSearchCV(LogisticRegression(), GRID, cv=2, min_resources=20, random_state=1).fit(SMALL, TARGET)
    _, children = family(runs)
    assert len(children) == 5
    assert children[0].data.metrics["n_resources"] >= 20
    assert {"iter", "mean_test_score"} <= set(children[0].data.metrics)


def test_several_scorers_rank_by_the_one_that_counts(runs: Runs) -> None:
    clew.sklearn.autolog(max_tuning_runs=1, log_models=False)
    scoring = ["accuracy", "neg_log_loss"]
    grid = GridSearchCV(LogisticRegression(), GRID, cv=2, scoring=scoring, refit="neg_log_loss").fit(SMALL, TARGET)
    found = runs()
    (child,) = (run for run in found if "mlflow.parentRunId" in run.data.tags)
    assert child.data.tags["trial.number"] == str(grid.best_index_)
    assert {"mean_test_accuracy", "mean_test_neg_log_loss"} <= set(child.data.metrics)


def test_steps_of_a_pipeline_may_be_searched(runs: Runs) -> None:
    clew.autolog(log_models=False)
    steps = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
    GridSearchCV(steps, {"scale": [StandardScaler(), MinMaxScaler()], "model__C": [2.0]}, cv=2).fit(SMALL, TARGET)
    _, children = family(runs)
    assert {run.data.params["scale"] for run in children} == {"MinMaxScaler()", "StandardScaler()"}
    assert {run.data.params["model__C"] for run in children} == {"2.0"}


@pytest.mark.filterwarnings("ignore")
def test_a_candidate_whose_training_failed_has_failed(runs: Runs) -> None:
    clew.autolog(log_models=False)
    GridSearchCV(LogisticRegression(), {"C": [-1.0, 1.0]}, cv=2, error_score=np.nan).fit(SMALL, TARGET)
    found = {run.info.run_name: run for run in runs() if "mlflow.parentRunId" in run.data.tags}
    assert {name: run.info.status for name, run in found.items()} == {
        "trial-0": RunStatus.FAILED,
        "trial-1": RunStatus.FINISHED,
    }


def test_our_own_fault_costs_the_candidates_only(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ours")

    clew.autolog(log_models=False, silent=True)
    monkeypatch.setattr(search, "_scores", broken)
    grid = GridSearchCV(LogisticRegression(), GRID, cv=2).fit(SMALL, TARGET)
    parent = next(run for run in runs() if "mlflow.parentRunId" not in run.data.tags)
    assert parent.info.status == RunStatus.FINISHED
    assert parent.data.metrics["best_cv_score"] == grid.best_score_
    assert "ours" in parent.data.tags["autolog.error"]


def test_a_search_finds_the_same_with_and_without(runs: Runs) -> None:
    def find() -> Any:
        return GridSearchCV(LogisticRegression(), GRID, cv=2).fit(SMALL, TARGET).cv_results_["mean_test_score"].tolist()

    plain = find()
    clew.autolog(log_models=False)
    assert find() == plain
