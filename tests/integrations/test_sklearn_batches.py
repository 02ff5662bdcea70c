"""What autologging records of training by ``partial_fit``."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.metrics import accuracy_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

import clew
from clew.entities.run import Run, RunStatus
from clew.integrations.sklearn import batches, scores

Runs = Callable[[], list[Run]]

X = np.random.default_rng(0).random((120, 4))
Y = (X.sum(1) > 2).astype(int)


def train(model: SGDClassifier, calls: int = 4) -> SGDClassifier:
    for start in range(calls):
        model.partial_fit(X[start * 20 : start * 20 + 20], Y[start * 20 : start * 20 + 20], classes=[0, 1])
    return model


def history(run: Run, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in clew.get_metric_history(run.info.run_id, key)]


def test_the_calls_of_an_estimator_are_the_steps_of_one_run(runs: Runs) -> None:
    plain = train(SGDClassifier(loss="log_loss", random_state=3))
    clew.autolog()
    model = SGDClassifier(loss="log_loss", random_state=3)
    assert inspect.signature(model.partial_fit) == inspect.signature(plain.partial_fit)
    assert np.array_equal(train(model).coef_, plain.coef_)
    (run,) = runs()
    assert run.info.status == RunStatus.FINISHED
    assert run.data.params["loss"] == "log_loss"
    assert run.data.tags["estimator_name"] == "SGDClassifier"
    assert "autolog.error" not in run.data.tags
    assert [step for step, _ in history(run, "training_log_loss")] == [0, 1, 2, 3]
    assert history(run, "training_score")[-1][1] == model.score(X[60:80], Y[60:80])
    assert run.outputs.model_outputs == ()


def test_the_end_moves_on_with_the_calls_now_and_then(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog()
    model = train(SGDClassifier(), 2)
    ended = runs()[0].info.end_time or 0
    monkeypatch.setattr(batches, "_END_EVERY_S", 0.0)
    train(model, 1)
    (run,) = runs()
    assert (run.info.end_time or 0) > ended
    assert run.info.status == RunStatus.FINISHED
    assert [step for step, _ in history(run, "training_score")] == [0, 1, 2]


def test_metrics_between_the_calls_are_series(runs: Runs) -> None:
    clew.autolog()
    model = SGDClassifier(loss="log_loss", random_state=3)
    told = []
    for _ in range(3):
        train(model, 1)
        told.append((model.score(X, Y), accuracy_score(Y, model.predict(X))))
    (run,) = runs()
    assert [value for _, value in history(run, "SGDClassifier_score_X")] == [score for score, _ in told]
    assert history(run, "accuracy_score_X") == list(enumerate(score for _, score in told))


def test_a_run_of_the_users_holds_the_calls_inside_it(runs: Runs) -> None:
    clew.sklearn.autolog(every_n_iter=2)
    model = SGDRegressor(random_state=3)
    for name in ("first", "second"):
        with clew.start_run(run_name=name):
            for _ in range(3):
                model.partial_fit(X, Y)
            assert clew.active_run() is not None
    found = {run.info.run_name: run for run in runs()}
    assert set(found) == {"first", "second"}
    for run in found.values():
        assert [step for step, _ in history(run, "training_r2_score")] == [0, 2]
        assert run.info.status == RunStatus.FINISHED


def test_a_call_that_fails_makes_the_run_failed_until_the_next(runs: Runs) -> None:
    clew.autolog()
    model = train(SGDClassifier(), 2)
    with pytest.raises(ValueError, match="NaN"):
        model.partial_fit([[np.nan] * 4], [0])
    (run,) = runs()
    assert run.info.status == RunStatus.FAILED
    assert "NaN" in run.data.tags["clew.failed_reason"]
    train(model, 1)
    assert runs()[0].info.status == RunStatus.FINISHED


def test_a_network_tells_its_loss(runs: Runs) -> None:
    clew.autolog()
    model = MLPClassifier((3,), random_state=1)
    seen = []
    for _ in range(3):
        model.partial_fit(X, Y, classes=[0, 1])
        seen.append(model.loss_)
    assert history(runs()[0], "loss") == list(enumerate(seen))


def test_parts_and_preparation_make_no_runs(runs: Runs) -> None:
    clew.autolog()
    StandardScaler().partial_fit(X)
    OneVsRestClassifier(SGDClassifier()).partial_fit(X, Y + (X[:, 0] > 0.5), classes=[0, 1, 2])
    assert [run.data.tags["estimator_name"] for run in runs()] == ["OneVsRestClassifier"]


def test_a_fit_begins_anew(runs: Runs) -> None:
    clew.autolog(log_models=False)
    model = train(SGDClassifier(), 2)
    model.fit(X, Y)
    train(model, 1)
    assert [[step for step, _ in history(run, "training_score")] for run in runs()] == [[0, 1], [0], [0]]


def test_our_faults_cost_the_record_alone(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog(silent=True)
    monkeypatch.setattr(scores, "judge", lambda *_, **__: 1 / 0)
    assert train(SGDClassifier(random_state=3)).coef_.shape == (1, 4)
    (run,) = runs()
    assert run.info.status == RunStatus.FINISHED
    assert "ZeroDivisionError" in run.data.tags["autolog.error"]


def test_of_many_calls_few_are_looked_at() -> None:
    looked_at = [step for step in range(10_001) if batches.is_due(step, 1)]
    assert looked_at[:100] == list(range(100))
    assert looked_at[100:190] == list(range(100, 1000, 10))
    assert looked_at[190:] == [*range(1000, 10_000, 100), 10_000]
    assert [step for step in range(1001) if batches.is_due(step, 5)][98:102] == [490, 495, 500, 550]
