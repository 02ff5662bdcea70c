"""Hyperopt's trials on Spark's workers: children of the run, without a word about it from the user."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hyperopt import SparkTrials, fmin, hp, rand

import clew
from clew.entities.run import Run, RunStatus

pytestmark = pytest.mark.spark

Runs = Callable[[], list[Run]]


@pytest.mark.filterwarnings("ignore")
def test_trials_of_workers_are_children_of_the_run(runs: Runs, spark: Any) -> None:
    driver = os.getpid()

    def objective(point: dict[str, Any]) -> dict[str, Any]:
        assert os.getpid() != driver
        with clew.start_run(nested=True):  # as the classic notebook has it: the trial's own run
            clew.log_metric("auc", point["x"])
        if point["x"] > 0.9:
            raise ValueError("too large")
        return {"status": "ok", "loss": -point["x"], "extra": 1.0}

    clew.autolog()
    trials = SparkTrials(parallelism=2, spark_session=spark)
    points = {"x": hp.quniform("x", 0, 1, 0.01), "kind": "fixed"}
    with clew.start_run(run_name="on spark") as mine:
        fmin(
            objective,
            points,
            algo=rand.suggest,
            max_evals=5,
            trials=trials,
            rstate=np.random.default_rng(1),
            show_progressbar=False,
        )
    found = {run.info.run_name: run for run in runs()}
    assert set(found) == {"on spark", *(f"trial-{n}" for n in range(5))}
    parent = found.pop("on spark")
    assert parent.info.status == RunStatus.FINISHED
    assert parent.data.metrics["best_loss"] == min(loss for loss in trials.losses() if loss is not None)
    assert parent.data.metrics["trials"] == 5.0
    assert parent.data.params["space.x"] == "quniform(0, 1, 0.01)"
    for document in trials._dynamic_trials:
        run = found[f"trial-{document['tid']}"]
        x = document["misc"]["vals"]["x"][0]
        assert run.data.tags["mlflow.parentRunId"] == mine.info.run_id
        assert run.data.params == {"x": str(x), "kind": "fixed"}
        assert run.data.metrics["auc"] == x
        if x > 0.9:
            assert run.info.status == RunStatus.FAILED
            assert run.data.tags["clew.failed_reason"] == "ValueError: too large"
        else:
            assert run.info.status == RunStatus.FINISHED
            assert (run.data.metrics["loss"], run.data.metrics["extra"]) == (-x, 1.0)
        assert run.data.tags["mlflow.source.name"] == parent.data.tags["mlflow.source.name"]


@pytest.mark.filterwarnings("ignore")
def test_trials_that_never_reach_a_worker_are_written_by_the_driver(runs: Runs, spark: Any) -> None:
    class Unpicklable:
        def __reduce__(self) -> Any:
            raise TypeError("it stays here")

    kept = Unpicklable()
    clew.hyperopt.autolog()
    with pytest.raises(Exception, match="no evaluation tasks"):
        fmin(
            lambda x: x if kept is None else 0.0,
            hp.uniform("x", 0, 1),
            algo=rand.suggest,
            max_evals=2,
            trials=SparkTrials(parallelism=2, spark_session=spark),
            show_progressbar=False,
        )
    found = {run.info.run_name: run for run in runs()}
    assert {"trial-0", "trial-1"} < set(found)
    for number in range(2):
        run = found[f"trial-{number}"]
        assert (run.info.status, run.data.tags["trial.state"]) == (RunStatus.FAILED, "FAIL")
        assert set(run.data.params) == {"x"}
        assert run.data.tags["clew.failed_reason"]


@pytest.mark.filterwarnings("ignore")
def test_joblibs_tasks_take_the_run_to_spark(runs: Runs, spark: Any) -> None:
    from joblib import Parallel, delayed, parallel_config
    from joblibspark import register_spark

    def trial(number: int) -> int:
        with clew.start_run(nested=True, run_name=f"trial-{number}"):
            clew.log_param("pid", os.getpid())
        return number * 2

    register_spark()
    clew.autolog()
    with clew.start_run(run_name="mine") as mine, parallel_config(backend="spark", n_jobs=2):
        assert Parallel()(delayed(trial)(n) for n in range(3)) == [0, 2, 4]
    found = {run.info.run_name: run for run in runs()}
    assert set(found) == {"mine", "trial-0", "trial-1", "trial-2"}
    for number in range(3):
        child = found[f"trial-{number}"]
        assert child.data.tags["mlflow.parentRunId"] == mine.info.run_id
        assert (child.info.status, child.data.params["pid"] != str(os.getpid())) == (RunStatus.FINISHED, True)
