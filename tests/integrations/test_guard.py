"""Autologging changes nothing about the user's training."""

from __future__ import annotations

import inspect
import logging
import os
import pickle
import socket
import subprocess
import sys
import textwrap
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
import sklearn.metrics
import sklearn.model_selection._validation as validation
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Lasso, LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline

import clew
from clew.client import link
from clew.client.session import session
from clew.entities.experiment import Experiment
from clew.entities.run import Run, RunStatus
from clew.errors import InvalidValue
from clew.integrations import guard, recorder
from clew.integrations.sklearn import scores
from clew.wire import mlflow

Runs = Callable[[], list[Run]]

X, Y = load_diabetes(return_X_y=True)


def names_of(patched: dict[str, Any]) -> set[str]:
    return {name for name, value in patched.items() if hasattr(value, "__wrapped__")}


def test_threads_do_not_see_each_others_runs(runs: Runs) -> None:
    clew.autolog()
    faults: list[BaseException] = []

    def train(number: int) -> None:
        try:
            for turn in range(5):
                Lasso(alpha=1 + number + turn / 10).fit(X, Y)
        except BaseException as fault:  # noqa: BLE001 - reported below
            faults.append(fault)

    threads = [threading.Thread(target=train, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    found = runs()
    assert len(found) == 40
    assert len({run.data.params["alpha"] for run in found}) == 40
    for run in found:
        assert run.info.status == RunStatus.FINISHED
        assert len(run.data.params) == len(Lasso().get_params())
        assert len(run.data.metrics) == 5
        assert len(run.outputs.model_outputs) == 1
        assert len(run.inputs.dataset_inputs) == 1


def test_the_users_exception_passes_unchanged_and_the_run_failed(runs: Runs) -> None:
    clew.autolog()
    with pytest.raises(ValueError, match="inconsistent numbers of samples") as caught:
        Lasso(alpha=7.0).fit(X, Y[:5])
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert "sklearn" in frames[-1].filename
    assert caught.value.__context__ is None
    (run,) = runs()
    assert run.info.status == RunStatus.FAILED
    assert run.data.params["alpha"] == "7.0"
    assert run.outputs.model_outputs == ()
    assert clew.active_run() is None


def test_an_interrupt_passes_and_the_run_failed(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog()
    model = Lasso()

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Lasso, "_validate_params", lambda self: interrupt())
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert runs()[0].info.status == RunStatus.FAILED


def test_our_own_fault_is_logged_once_and_tagged(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clew.autolog(log_models=False)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(scores, "judge", broken)
    with caplog.at_level(logging.WARNING, "clew.autolog"):
        for _ in range(3):
            assert Lasso().fit(X, Y).coef_ is not None
    assert len([record for record in caplog.records if "ours" in record.message]) == 1
    for run in runs():
        assert run.info.status == RunStatus.FINISHED
        assert "ours" in run.data.tags["autolog.error"]
        assert len(run.inputs.dataset_inputs) == 1


def test_a_run_that_cannot_begin_does_not_stop_training(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog()

    def broken(*_: object, **__: object) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(recorder.runs, "start_run", broken)
    assert Lasso().fit(X, Y).predict(X[:1]).shape == (1,)
    assert runs() == []


def test_the_original_is_called_once_with_the_users_arguments(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = Lasso.fit

    def fit(self: Lasso, data: Any, y: Any, sample_weight: Any = None, check_input: bool = True) -> Lasso:
        calls.append((data, y, sample_weight, check_input))
        return original(self, data, y, sample_weight, check_input)

    monkeypatch.setattr(Lasso, "fit", fit)
    clew.autolog(log_models=False)
    weights = np.ones(len(Y))
    model = Lasso()
    assert model.fit(X, y=Y, sample_weight=weights) is model
    assert len(calls) == 1
    assert calls[0][0] is X
    assert calls[0][1] is Y
    assert calls[0][2] is weights
    clew.autolog(disable=True)
    assert len(runs()) == 1


def test_patched_estimators_keep_signature_name_and_pickling(experiment: object) -> None:
    before = inspect.signature(Lasso.fit)
    clew.autolog(log_models=False)
    assert inspect.signature(Lasso.fit) == before
    assert Lasso.fit.__qualname__ == "ElasticNet.fit"
    model = make_pipeline(Lasso()).fit(X, Y)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict(X), model.predict(X))
    assert pickle.loads(pickle.dumps(Lasso().fit))(X, Y).coef_ is not None
    assert pickle.loads(pickle.dumps(validation._fit_and_score)) is validation._fit_and_score
    assert clone(model).get_params()["lasso"].alpha == 1.0


def test_undo_is_complete(experiment: object) -> None:
    classes = [Lasso.__mro__[1], RandomForestRegressor.__mro__[2], Pipeline, LinearRegression]
    before = [dict(vars(kind)) for kind in classes]
    functions = dict(vars(validation)), dict(vars(sklearn.metrics))
    cells = [f.__closure__ and [c.cell_contents for c in f.__closure__] for f in (sklearn.metrics.r2_score,)]
    finders = list(sys.meta_path)
    clew.autolog(log_models=False)
    model = make_pipeline(RandomForestRegressor(2)).fit(X, Y)
    model.predict(X)
    assert sys.meta_path != finders
    clew.autolog(disable=True)
    assert [dict(vars(kind)) for kind in classes] == before
    assert (dict(vars(validation)), dict(vars(sklearn.metrics))) == functions
    assert [f.__closure__ and [c.cell_contents for c in f.__closure__] for f in (sklearn.metrics.r2_score,)] == cells
    assert sys.meta_path == finders


def test_after_undo_nothing_is_logged_and_it_can_be_switched_on_again(runs: Runs) -> None:
    clew.autolog(log_models=False)
    clew.autolog(log_models=False)
    clew.autolog(disable=True)
    Lasso().fit(X, Y)
    assert runs() == []
    clew.autolog(log_models=False)
    Lasso().fit(X, Y)
    assert len(runs()) == 1


def test_what_others_wrapped_on_top_survives_undo(experiment: object, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog(log_models=False)
    ours = LinearRegression.fit

    def theirs(self: LinearRegression, *args: Any) -> LinearRegression:
        fitted: LinearRegression = ours(self, *args)
        return fitted

    monkeypatch.setattr(LinearRegression, "fit", theirs)
    clew.autolog(disable=True)
    assert LinearRegression.fit is theirs
    assert LinearRegression().fit(X, Y).coef_ is not None


def test_exclusive_leaves_the_users_run_alone(runs: Runs) -> None:
    clew.autolog(exclusive=True)
    with clew.start_run():
        Lasso().fit(X, Y)
    (run,) = runs()
    assert run.data.params == {}
    Lasso().fit(X, Y)
    assert len(runs()) == 2


def test_options_of_one_framework_win_over_the_general_ones(runs: Runs) -> None:
    clew.sklearn.autolog(log_models=False, log_datasets=False)
    clew.autolog(log_models=True)
    Lasso().fit(X, Y)
    (run,) = runs()
    assert run.outputs.model_outputs == ()
    assert run.inputs.dataset_inputs == ()


def test_an_old_scikit_learn_can_be_left_alone(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog(log_models=False)
    monkeypatch.setattr(sklearn, "__version__", "1.4.2")
    Lasso().fit(X, Y)
    assert len(runs()) == 1
    clew.autolog(log_models=False, disable_for_unsupported_versions=True)
    Lasso().fit(X, Y)
    assert len(runs()) == 1


def test_excluded_frameworks_are_left_alone_and_unknown_ones_named(runs: Runs) -> None:
    clew.autolog(exclude_flavors=["sklearn"])
    Lasso().fit(X, Y)
    assert runs() == []
    with pytest.raises(InvalidValue, match="quux"):
        clew.autolog(exclude_flavors=["quux"])


def test_silent_says_nothing(runs: Runs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    clew.autolog(silent=True, log_models=False)
    monkeypatch.setattr(scores, "judge", lambda *_, **__: 1 / 0)
    Lasso().fit(X, Y)
    assert "ZeroDivisionError" in runs()[0].data.tags["autolog.error"]
    assert not [record for record in caplog.records if record.name == "clew.autolog"]


def test_estimators_of_the_user_are_trained_through_what_they_inherit(runs: Runs) -> None:
    class Mine(LinearRegression):  # type: ignore[misc]
        pass

    class Alone(BaseEstimator):  # type: ignore[misc]
        def fit(self, data: Any, y: Any) -> Alone:
            return self

    clew.autolog(log_models=False)
    Mine().fit(X, Y)
    Alone().fit(X, Y)
    assert [run.data.tags["estimator_name"] for run in runs()] == ["Mine"]


def script(text: str, tmp_path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a script with a store of its own, warnings as errors."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    own = {"CLEW_SPOOL": str(tmp_path / "spool"), "CLEW_HOST_IDLE_S": "1", "CLEW_SHIPPER": "thread"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(text)],
        cwd=tmp_path,
        env=kept | own | environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_autolog_imports_nothing_that_the_user_did_not(tmp_path: Path) -> None:
    done = script(
        """
        import sys, clew
        clew.autolog()
        assert not {"sklearn", "numpy", "pandas", "skops", "scipy"} & set(sys.modules), "imported"
        from sklearn.linear_model import Ridge
        assert hasattr(Ridge.fit, "__wrapped__") and "clew" in Ridge.fit.__code__.co_filename
        assert not {"skops", "sklearn.ensemble"} & set(sys.modules), "imported"
        from sklearn.metrics import r2_score
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


def test_the_process_s_end_waits_for_the_runs_that_training_did_not_wait_for(tmp_path: Path) -> None:
    done = script(TRAIN, tmp_path)
    assert done.returncode == 0, done.stderr
    # Another spool, so that whoever reads neither waits for what is left in the first one nor sends it.
    read = script(
        """
        import clew
        for run in clew.search_runs(output_format="list"):
            print(run.info.status, run.data.params["alpha"], "training_score" in run.data.metrics)
        """,
        tmp_path,
        CLEW_SPOOL=str(tmp_path / "other"),
    )
    assert read.stdout.splitlines() == ["FINISHED 1.0 True"] * 2, read.stderr


def test_where_much_is_on_its_way_already_training_waits(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_MANY_LATE", 0)
    clew.autolog(log_models=False)
    Lasso().fit(X, Y)
    # This call, unlike the client's reads, waits for nothing.
    told = session.link.call("get_run", mlflow.GetRun(run_id=str(session.last_run_id)))
    assert told.run.info.status == "FINISHED"


def test_threads_wait_for_much_at_the_same_time(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "_MANY_LATE", 0)
    clew.autolog(log_models=False)
    threads = [threading.Thread(target=lambda: [Lasso().fit(X, Y) for _ in range(6)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.data.tags.get("autolog.error") for run in runs()] == [None] * 24
    assert guard.reported() == set()


@contextmanager
def dead_port(mute: bool) -> Iterator[int]:
    """A port where nobody answers: nobody listens on it, or somebody does and stays mute."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        if mute:
            holder.listen(50)
        yield int(holder.getsockname()[1])


TRAIN = """
import clew, logging
from sklearn.linear_model import Lasso
from sklearn.datasets import load_diabetes
clew.autolog()
X, y = load_diabetes(return_X_y=True)
for _ in range(2):
    assert Lasso().fit(X, y).coef_ is not None
print("trained")
"""


@pytest.mark.parametrize("mute", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_server_that_is_down_or_hangs_breaks_nothing_and_says_so_briefly(mute: bool, tmp_path: Path) -> None:
    # A hanging server would keep every call for a minute; the script's time limit notices that.
    with dead_port(mute) as port:
        done = script(TRAIN, tmp_path, CLEW_TRACKING_URI=f"http://127.0.0.1:{port}")
    assert done.returncode == 0, done.stderr
    assert "trained" in done.stdout
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 3, done.stderr


@pytest.mark.slow
def test_what_was_trained_offline_arrives_whole(tmp_path: Path) -> None:
    home = {"CLEW_SPOOL": str(tmp_path / "spool")}
    train = TRAIN.replace("range(2)", "range(1)") + "print(clew.client.session.session.last_run_id)"
    run_id = script("import clew.client.session" + train, tmp_path, CLEW_OFFLINE="1", **home).stdout.split()[-1]
    assert (
        script("import sys; from clew.cli.main import main; sys.argv[1:] = ['sync']; main()", tmp_path).returncode == 0
    )
    check = f"""
    import clew
    run = clew.get_run("{run_id}")
    assert run.info.status == "FINISHED" and len(run.data.params) == 10 and len(run.data.metrics) == 5, run
    assert clew.pyfunc.load_model("runs:/{run_id}/model").predict([[0.0] * 10]).shape == (1,)
    """
    done = script(check, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_forked_child_has_no_autologging(tmp_path: Path) -> None:
    done = script(
        """
        import os, clew
        from sklearn.linear_model import Lasso
        from sklearn.datasets import load_diabetes
        clew.autolog(log_models=False)
        X, y = load_diabetes(return_X_y=True)
        Lasso().fit(X, y)
        pid = os.fork()
        if not pid:
            Lasso().fit(X, y)
            os._exit(0)
        os.waitpid(pid, 0)
        print(len(clew.search_runs(output_format="list")))
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1"]
