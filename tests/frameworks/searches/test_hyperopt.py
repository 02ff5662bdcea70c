"""What is left of a search by Hyperopt: a run for it, and a child run per trial."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import hyperopt
import numpy as np
import pytest
from hyperopt import STATUS_FAIL, STATUS_OK, Trials, fmin, hp, rand, space_eval
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso

import clew
from clew.entities.run import Run, RunStatus
from clew.integrations import trials as children
from clew.integrations.hyperopt import search, worker

pytestmark = pytest.mark.frameworks

Runs = Callable[[], list[Run]]

SPACE = {
    "x": hp.uniform("x", -10, 10),
    "shape": hp.choice("shape", ["round", "flat"]),
    "deep": {"n": hp.quniform("n", 1, 5, 1), "fixed": 3},
}


def quadratic(point: dict[str, Any]) -> float:
    return (point["x"] - 2) ** 2 + (point["shape"] == "flat") + point["deep"]["n"] / 100


def find(objective: Any = quadratic, trials: Trials | None = None, **kwargs: Any) -> Any:
    options = {"space": SPACE, "algo": rand.suggest, "max_evals": 4, "show_progressbar": False, **kwargs}
    return fmin(objective, rstate=np.random.default_rng(3), trials=trials, **options)


def family(runs: Runs) -> tuple[Run, dict[str, Run]]:
    """The one parent, and its children by name."""
    found = runs()
    (parent,) = (run for run in found if "mlflow.parentRunId" not in run.data.tags)
    of_parent = {run.info.run_name: run for run in found if run is not parent}
    assert len(of_parent) == len(found) - 1
    assert {run.data.tags["mlflow.parentRunId"] for run in of_parent.values()} <= {parent.info.run_id}
    return parent, of_parent


def test_a_search_is_a_run_and_its_trials_are_named_children(runs: Runs) -> None:
    clew.hyperopt.autolog(extra_tags={"team": "blue"})
    trials = Trials()
    best = find(trials=trials)
    parent, of_parent = family(runs)
    point = space_eval(SPACE, best)
    assert parent.info.status == RunStatus.FINISHED
    assert (parent.data.tags["mlflow.autologging"], parent.data.tags["team"]) == ("hyperopt", "blue")
    assert parent.data.params == {
        "algorithm": "hyperopt.rand.suggest",
        "max_evals": "4",
        "space.x": "uniform(-10, 10)",
        "space.shape": "choice('round', 'flat')",
        "space.n": "quniform(1, 5, 1)",
        "best_x": str(point["x"]),
        "best_shape": point["shape"],
        "best_deep.n": str(point["deep"]["n"]),
        "best_deep.fixed": "3",
    }
    assert parent.data.metrics == {
        "best_loss": min(trials.losses()),
        "best_trial": float(trials.best_trial["tid"]),
        "trials": 4.0,
        "trials_complete": 4.0,
    }
    assert json.loads(parent.data.tags["best_params"])["x"] == best["x"]
    assert set(of_parent) == {f"trial-{n}" for n in range(4)}
    for trial in trials.trials:
        run = of_parent[f"trial-{trial['tid']}"]
        values = space_eval(SPACE, {name: found[0] for name, found in trial["misc"]["vals"].items()})
        assert run.data.params == {name: str(value) for name, value in worker.flat(values).items()}
        assert run.data.metrics["loss"] == trial["result"]["loss"]
        assert run.data.metrics["duration_s"] >= 0
        assert (run.data.tags["trial.state"], run.info.status) == ("COMPLETE", RunStatus.FINISHED)


def test_numbers_of_a_result_are_metrics_and_a_fail_status_is_a_failure(runs: Runs) -> None:
    def objective(point: dict[str, Any]) -> dict[str, Any]:
        calls.append(point)
        if len(calls) == 2:
            return {"status": STATUS_FAIL}
        return {"status": STATUS_OK, "loss": float(len(calls)), "auc": np.float32(0.5), "note": "text"}

    calls: list[Any] = []
    clew.hyperopt.autolog()
    find(objective)
    parent, of_parent = family(runs)
    assert of_parent["trial-0"].data.metrics["auc"] == 0.5
    assert "note" not in of_parent["trial-0"].data.metrics
    failed = of_parent["trial-1"]
    assert (failed.info.status, failed.data.tags["trial.state"]) == (RunStatus.FAILED, "FAIL")
    assert "'fail'" in failed.data.tags["clew.failed_reason"]
    assert parent.info.status == RunStatus.FINISHED
    assert (parent.data.metrics["trials_fail"], parent.data.metrics["trials_complete"]) == (1.0, 3.0)


def test_a_trial_that_raises_is_recorded_and_the_exception_is_the_users(runs: Runs) -> None:
    def objective(point: dict[str, Any]) -> float:
        raise ZeroDivisionError("mine")

    clew.hyperopt.autolog()
    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        find(objective)
    assert caught.value.__context__ is None
    parent, of_parent = family(runs)
    assert (parent.info.status, parent.data.metrics["trials_fail"]) == (RunStatus.FAILED, 1.0)
    failed = of_parent["trial-0"]
    assert failed.info.status == RunStatus.FAILED
    assert failed.data.tags["clew.failed_reason"] == "ZeroDivisionError: mine"
    assert set(failed.data.params) == {"x", "shape", "deep.n", "deep.fixed"}
    assert clew.active_run() is None


def test_a_search_that_goes_on_writes_the_new_trials(runs: Runs) -> None:
    trials = Trials()
    find(trials=trials)
    clew.hyperopt.autolog()
    find(trials=trials, max_evals=6)
    parent, of_parent = family(runs)
    assert set(of_parent) == {"trial-4", "trial-5"}
    assert parent.data.metrics["best_loss"] == min(trials.losses())


def test_the_objectives_own_run_and_trainings_are_the_trials(runs: Runs) -> None:
    features, targets = load_diabetes(return_X_y=True)

    def objective(alpha: float) -> float:
        with clew.start_run(nested=True):
            clew.log_metric("seen", alpha)
            return -float(Lasso(alpha=alpha).fit(features, targets).score(features, targets))

    clew.autolog(log_models=False)
    with clew.start_run(run_name="mine") as mine:
        find(objective, space=hp.uniform("alpha", 0.1, 1.0), max_evals=2)
    parent, of_parent = family(runs)
    assert parent.info.run_id == mine.info.run_id
    assert set(of_parent) == {"trial-0", "trial-1"}
    for run in of_parent.values():
        assert run.data.params["alpha"] == str(run.data.metrics["seen"])
        assert run.data.metrics["training_score"] == pytest.approx(-run.data.metrics["loss"])


def test_our_own_fault_does_not_harm_the_search(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ours")

    clew.hyperopt.autolog(silent=True)
    expected = find()
    for owner, name in (
        (children.Search, "begin_trial"),
        (children.Search, "open"),
        (search.HyperoptSearch, "_log_params"),
        (search.HyperoptSearch, "_describe"),
        (search.HyperoptSearch, "_conclude"),
        (worker, "_log_result"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, broken)
            assert find() == expected
    assert clew.active_run() is None
    assert search.searches == {}


def test_trials_that_could_not_begin_are_written_down_at_the_end(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ours")

    clew.hyperopt.autolog(silent=True)
    monkeypatch.setattr(children.Search, "begin_trial", broken)
    trials = Trials()
    find(trials=trials)
    _, of_parent = family(runs)
    assert [of_parent[f"trial-{n}"].data.metrics["loss"] for n in range(4)] == trials.losses()
    assert len(of_parent["trial-0"].data.params) == 4


def test_undo_restores_the_originals(runs: Runs) -> None:
    from hyperopt.base import Domain
    from hyperopt.fmin import FMinIter
    from hyperopt.spark import _SparkFMinState

    places = [(FMinIter, "exhaust"), (Domain, "evaluate"), (_SparkFMinState, "_run_trial_async")]
    before = [getattr(owner, name) for owner, name in places]
    clew.hyperopt.autolog()
    for (owner, name), original in zip(places, before, strict=True):
        assert getattr(owner, name) is not original
        assert inspect.signature(getattr(owner, name)) == inspect.signature(original)
    clew.hyperopt.autolog(disable=True)
    assert [getattr(owner, name) for owner, name in places] == before
    find()
    assert runs() == []
    assert hyperopt.fmin is fmin
