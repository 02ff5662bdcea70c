"""What is left of a study: a run for it, and a child run per trial."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.samplers import RandomSampler
from optuna.trial import TrialState
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso

import clew
from clew.entities.run import Run, RunStatus
from clew.integrations import guard, trials
from clew.integrations.optuna import study as recording

pytestmark = pytest.mark.frameworks

Runs = Callable[[], list[Run]]

optuna.logging.set_verbosity(optuna.logging.ERROR)


def quadratic(trial: optuna.Trial) -> float:
    x = trial.suggest_float("x", -10, 10)
    shape = trial.suggest_categorical("shape", ["round", "flat"])
    return (x - 2) ** 2 + (shape == "flat")


def new_study(**kwargs: Any) -> optuna.Study:
    return optuna.create_study(sampler=RandomSampler(seed=3), **kwargs)


def family(runs: Runs) -> tuple[Run, dict[str, Run]]:
    """The one parent, and its children by name."""
    found = runs()
    (parent,) = (run for run in found if "mlflow.parentRunId" not in run.data.tags)
    children = {run.info.run_name: run for run in found if run is not parent}
    assert len(children) == len(found) - 1
    assert {run.data.tags["mlflow.parentRunId"] for run in children.values()} <= {parent.info.run_id}
    return parent, children


def test_a_fault_of_an_earlier_training_is_none_of_the_study(runs: Runs) -> None:
    clew.optuna.autolog()
    guard.guarded("an earlier training", lambda: 1 / 0)
    new_study().optimize(quadratic, n_trials=1)
    assert "autolog.error" not in family(runs)[0].data.tags


def test_a_study_is_a_run_and_its_trials_are_named_children(runs: Runs) -> None:
    clew.optuna.autolog(extra_tags={"team": "blue"})
    study = new_study(study_name="wine", direction="minimize")
    study.set_user_attr("why", "a test")
    study.optimize(quadratic, n_trials=5)
    parent, children = family(runs)
    assert parent.info.run_name == "wine"
    assert parent.info.status == RunStatus.FINISHED
    assert parent.data.tags["mlflow.autologging"] == "optuna"
    assert (parent.data.tags["team"], parent.data.tags["why"]) == ("blue", "a test")
    assert parent.data.params == {
        "study_name": "wine",
        "direction": "minimize",
        "sampler": "RandomSampler",
        "pruner": "MedianPruner",
        "space.x": "FloatDistribution(high=10.0, log=False, low=-10.0, step=None)",
        "space.shape": "CategoricalDistribution(choices=('round', 'flat'))",
        "best_x": str(study.best_params["x"]),
        "best_shape": study.best_params["shape"],
    }
    assert parent.data.metrics == {
        "best_value": study.best_value,
        "best_trial": float(study.best_trial.number),
        "trials": 5.0,
        "trials_complete": 5.0,
    }
    assert json.loads(parent.data.tags["best_params"]) == study.best_params
    assert set(children) == {f"trial-{n}" for n in range(5)}
    for trial in study.trials:
        run = children[f"trial-{trial.number}"]
        assert run.info.status == RunStatus.FINISHED
        assert run.data.params == {name: str(value) for name, value in trial.params.items()}
        assert run.data.metrics["value"] == trial.value
        assert run.data.metrics["duration_s"] == pytest.approx(trial.duration.total_seconds(), abs=0.002)
        assert run.data.tags["trial.state"] == "COMPLETE"
        assert run.data.tags["trial.number"] == str(trial.number)
    assert clew.active_run() is None


def test_the_best_value_so_far_is_a_series_of_the_parent(runs: Runs) -> None:
    clew.optuna.autolog()
    study = new_study(direction="maximize")
    study.optimize(lambda trial: [1.0, 0.5, 3.0, 2.0][trial.number], n_trials=4)
    parent, _ = family(runs)
    history = clew.get_metric_history(parent.info.run_id, "best_value")
    assert [(m.step, m.value) for m in history] == [(0, 1.0), (2, 3.0), (3, 3.0)]


def test_pruned_trials_keep_their_intermediate_values(runs: Runs) -> None:
    def objective(trial: optuna.Trial) -> float:
        for step in range(3):
            trial.report(step / 10, step)
        trial.set_user_attr("note", {"deep": True})
        if trial.number:
            raise optuna.TrialPruned
        return 1.0

    clew.optuna.autolog()
    study = new_study()
    study.optimize(objective, n_trials=2)
    parent, children = family(runs)
    assert parent.data.metrics["trials_pruned"] == 1.0
    pruned = children["trial-1"]
    assert pruned.info.status == RunStatus.FINISHED
    assert pruned.data.tags["trial.state"] == "PRUNED"
    assert pruned.data.tags["note"] == '{"deep": true}'
    assert "clew.failed_reason" not in pruned.data.tags
    history = clew.get_metric_history(pruned.info.run_id, "intermediate_value")
    assert [(m.step, m.value) for m in history] == [(0, 0.0), (1, 0.1), (2, 0.2)]


def test_intermediate_values_are_there_while_the_trial_runs(runs: Runs) -> None:
    seen: list[list[tuple[int, float]]] = []

    def objective(trial: optuna.Trial) -> float:
        for step in range(3):
            trial.report(value=step / 10, step=step)
            active = clew.active_run()
            assert active is not None
            clew.flush()
            history = clew.get_metric_history(active.info.run_id, "intermediate_value")
            seen.append([(m.step, m.value) for m in history])
        with pytest.warns(UserWarning, match="already"):
            trial.report(0.9, 2)
        with pytest.raises(ValueError, match="negative"):
            trial.report(0.1, -1)
        return 1.0

    clew.optuna.autolog()
    study = new_study()
    study.optimize(objective, n_trials=1)
    assert seen == [[(n, n / 10) for n in range(until)] for until in (1, 2, 3)]
    (child,) = family(runs)[1].values()
    history = clew.get_metric_history(child.info.run_id, "intermediate_value")
    assert [(m.step, m.value) for m in history] == [(0, 0.0), (1, 0.1), (2, 0.2)]
    assert study.trials[0].intermediate_values == {0: 0.0, 1: 0.1, 2: 0.2}


def test_a_trial_that_raises_is_recorded_and_the_exception_is_the_users(runs: Runs) -> None:
    def objective(trial: optuna.Trial) -> float:
        trial.suggest_int("n", 1, 1)
        raise ZeroDivisionError("mine")

    clew.optuna.autolog()
    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        new_study().optimize(objective, n_trials=3)
    assert caught.value.__context__ is None
    parent, children = family(runs)
    assert parent.info.status == RunStatus.FAILED
    assert parent.data.metrics["trials_fail"] == 1.0
    (failed,) = children.values()
    assert failed.info.status == RunStatus.FAILED
    assert failed.data.params == {"n": "1"}
    assert failed.data.tags["trial.state"] == "FAIL"
    assert failed.data.tags["clew.failed_reason"] == "ZeroDivisionError: mine"
    assert clew.active_run() is None


def test_a_study_that_puts_up_with_failed_trials_has_finished(runs: Runs) -> None:
    def objective(trial: optuna.Trial) -> float:
        if trial.number == 1:
            raise ValueError("one of them")
        return float("nan") if trial.number == 2 else 1.0

    clew.optuna.autolog()
    new_study().optimize(objective, n_trials=4, catch=(ValueError,))
    parent, children = family(runs)
    assert parent.info.status == RunStatus.FINISHED
    assert (parent.data.metrics["trials_fail"], parent.data.metrics["trials_complete"]) == (2.0, 2.0)
    statuses = [children[f"trial-{n}"].info.status for n in range(4)]
    assert statuses == [RunStatus.FINISHED, RunStatus.FAILED, RunStatus.FAILED, RunStatus.FINISHED]
    assert children["trial-1"].data.tags["clew.failed_reason"] == "ValueError: one of them"
    assert "no NaN" in children["trial-2"].data.tags["clew.failed_reason"]


def test_threads_run_their_trials_apart(runs: Runs) -> None:
    barrier = threading.Barrier(4)

    def objective(trial: optuna.Trial) -> float:
        barrier.wait(60)
        clew.log_metric("own", float(trial.number))
        with clew.start_run(nested=True, run_name=f"inner-{trial.number}"):
            clew.log_param("of", trial.number)
        return float(trial.number)

    clew.optuna.autolog()
    new_study().optimize(objective, n_trials=12, n_jobs=4)
    found = {run.info.run_name: run for run in runs()}
    assert len(found) == 25
    for number in range(12):
        trial, inner = found[f"trial-{number}"], found[f"inner-{number}"]
        assert trial.data.metrics["own"] == trial.data.metrics["value"] == float(number)
        assert trial.info.status == inner.info.status == RunStatus.FINISHED
        assert inner.data.tags["mlflow.parentRunId"] == trial.info.run_id
        assert inner.data.params == {"of": str(number)}


def test_autologged_trainings_join_the_trials_run(runs: Runs) -> None:
    features, targets = load_diabetes(return_X_y=True)

    def objective(trial: optuna.Trial) -> float:
        model = Lasso(alpha=trial.suggest_float("a", 0.1, 1.0)).fit(features, targets)
        return float(model.score(features, targets))

    clew.autolog(log_models=False)
    study = new_study(direction="maximize")
    study.optimize(objective, n_trials=2)
    _, children = family(runs)
    for trial in study.trials:
        run = children[f"trial-{trial.number}"]
        assert run.data.params["alpha"] == run.data.params["a"] == str(trial.params["a"])
        assert run.data.metrics["training_score"] == pytest.approx(trial.value)


def test_the_run_that_an_objective_begins_is_the_trials(runs: Runs) -> None:
    def objective(trial: optuna.Trial) -> float:
        with clew.start_run(nested=bool(trial.number), tags={"mine": "yes"}) as run:
            assert clew.active_run().info.run_id == run.info.run_id
            clew.log_metric("auc", 0.5)
        for fold in range(2):
            with clew.start_run(run_name=f"{trial.number}-{fold}"):
                clew.log_metric("fold", fold)
        return 1.0

    clew.optuna.autolog()
    new_study().optimize(objective, n_trials=2)
    found = {run.info.run_name: run for run in runs()}
    assert {"trial-0", "trial-1", "0-0", "0-1", "1-0", "1-1"} < set(found)
    assert len(found) == 7
    for number in range(2):
        trial = found[f"trial-{number}"]
        assert (trial.data.metrics["auc"], trial.data.metrics["value"]) == (0.5, 1.0)
        assert (trial.data.tags["mine"], trial.info.status) == ("yes", RunStatus.FINISHED)
        for fold in range(2):
            assert found[f"{number}-{fold}"].data.tags["mlflow.parentRunId"] == trial.info.run_id


def test_an_objective_that_ends_all_runs_does_not_end_the_searches(runs: Runs) -> None:
    def objective(trial: optuna.Trial) -> float:
        while clew.active_run():
            clew.end_run()
        return float(trial.number)

    clew.optuna.autolog()
    new_study().optimize(objective, n_trials=2)
    parent, children = family(runs)
    assert [children[f"trial-{n}"].data.metrics["value"] for n in range(2)] == [0.0, 1.0]
    assert {run.info.status for run in (parent, *children.values())} == {RunStatus.FINISHED}


def test_a_study_in_a_run_of_the_user_stays_in_it(runs: Runs) -> None:
    clew.optuna.autolog()
    study = new_study()
    with clew.start_run(run_name="mine") as mine:
        study.optimize(quadratic, n_trials=2)
        clew.log_param("after", 1)
    parent, children = family(runs)
    assert parent.info.run_id == mine.info.run_id
    assert parent.data.params["after"] == "1"
    assert "mlflow.autologging" not in parent.data.tags
    assert len(children) == 2


def test_exclusive_leaves_the_users_run_alone(runs: Runs) -> None:
    clew.optuna.autolog(exclusive=True)
    with clew.start_run():
        new_study().optimize(quadratic, n_trials=1)
    (run,) = runs()
    assert run.data.params == {}


def test_a_study_that_goes_on_goes_on_in_its_run(runs: Runs) -> None:
    clew.optuna.autolog()
    study = new_study()
    study.optimize(quadratic, n_trials=2)
    study.optimize(quadratic, n_trials=3)
    parent, children = family(runs)
    assert parent.info.status == RunStatus.FINISHED
    assert len(children) == 5
    assert parent.data.metrics["trials"] == 5.0
    assert json.loads(parent.data.tags["best_params"]) == study.best_params
    assert "autolog.error" not in parent.data.tags


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_several_objectives(runs: Runs) -> None:
    clew.optuna.autolog()
    study = new_study(directions=["minimize", "maximize"])
    study.set_metric_names(["loss", "speed"])
    study.optimize(lambda trial: (float(trial.number), float(trial.number % 2)), n_trials=4)
    parent, children = family(runs)
    assert parent.data.params["direction"] == "minimize,maximize"
    assert parent.data.metrics["pareto_trials"] == 2.0
    assert sorted(json.loads(parent.data.tags["best_trials"])) == [0, 1]
    assert children["trial-3"].data.metrics["loss"] == 3.0
    assert children["trial-3"].data.metrics["speed"] == 1.0


def test_a_callback_records_without_autologging(runs: Runs) -> None:
    with clew.optuna.ClewCallback(metric_name="loss") as callback:
        study = new_study(study_name="by hand")

        def objective(trial: optuna.Trial) -> float:
            clew.log_metric("inside", 1.0)
            return quadratic(trial)

        study.optimize(callback.track(objective), n_trials=2, callbacks=[callback])
        callback(study, study.tell(study.ask(), 7.0))
    parent, children = family(runs)
    assert (parent.info.run_name, parent.info.status) == ("by hand", RunStatus.FINISHED)
    assert parent.data.metrics["trials_complete"] == 3.0
    assert [children[f"trial-{n}"].data.metrics["loss"] for n in range(3)] == [t.value for t in study.trials]
    assert children["trial-0"].data.metrics["inside"] == 1.0
    assert children["trial-2"].info.status == RunStatus.FINISHED


def test_our_own_fault_does_not_harm_the_study(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ours")

    clew.optuna.autolog(silent=True)
    for owner, name in (
        (trials.Search, "begin_trial"),
        (recording.StudyRun, "_write"),
        (recording.StudyRun, "_describe"),
        (recording.StudyRun, "_conclude"),
        (trials.Search, "open"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, broken)
            study = new_study()
            study.optimize(quadratic, n_trials=2)
        assert [t.state for t in study.trials] == [TrialState.COMPLETE] * 2
    assert all(run.info.status == RunStatus.FINISHED for run in runs())
    assert clew.active_run() is None
