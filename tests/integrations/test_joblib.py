"""Tasks of joblib work for the run without a word about it."""

from __future__ import annotations

import inspect
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
import pytest
from joblib import Parallel, delayed

import clew
from clew.client.session import session
from clew.entities.run import Run, RunStatus
from clew.integrations.joblib import tasks

Runs = Callable[[], list[Run]]


def trial(number: int) -> int:
    clew.log_metric("trials", number, step=number)
    with clew.start_run(nested=True, run_name=f"trial-{number}"):
        clew.log_param("pid", os.getpid())
    return number * 2


def fail(number: int) -> None:
    with clew.start_run(nested=True, run_name="failing"):
        raise ZeroDivisionError(f"task {number}")


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_tasks_are_children_of_the_run(runs: Runs, backend: str) -> None:
    clew.autolog()
    with clew.start_run(run_name="mine") as mine:
        assert Parallel(n_jobs=2, backend=backend)(delayed(trial)(n) for n in range(4)) == [0, 2, 4, 6]
    found = {run.info.run_name: run for run in runs()}
    assert set(found) == {"mine", *(f"trial-{n}" for n in range(4))}
    for number in range(4):
        child = found[f"trial-{number}"]
        assert child.data.tags["mlflow.parentRunId"] == mine.info.run_id
        assert child.info.status == RunStatus.FINISHED
        assert (child.data.params["pid"] == str(os.getpid())) == (backend == "threading")
    assert sorted(m.step for m in clew.get_metric_history(mine.info.run_id, "trials")) == [0, 1, 2, 3]


def test_without_a_run_the_place_goes_along(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    clew.autolog()
    Parallel(n_jobs=2)([delayed(trial)(n) for n in range(2)])
    names = [run.info.run_name for run in runs()]
    assert {"trial-0", "trial-1"} <= set(names)


def test_a_tasks_exception_is_the_users(runs: Runs) -> None:
    clew.autolog()
    with pytest.raises(ZeroDivisionError, match="task 0"), clew.start_run(run_name="mine"):
        Parallel(n_jobs=2)(delayed(fail)(n) for n in range(1))
    assert {run.info.run_name: run.info.status for run in runs()} == {
        "mine": RunStatus.FAILED,
        "failing": RunStatus.FAILED,
    }


def test_our_own_fault_does_not_harm_the_tasks(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ours")

    clew.autolog(silent=True)
    with clew.start_run():
        for owner, name in ((tasks, "run_context"), (tasks.Carried, "_enter")):
            with monkeypatch.context() as patch:
                patch.setattr(owner, name, broken)
                assert Parallel(n_jobs=2, backend="threading")(delayed(abs)(n) for n in (-1, 2)) == [1, 2]


FOREIGN = """
import builtins, pickle, sys
ordinary = builtins.__import__
def without_clew(name, *rest):
    if name.partition(".")[0] == "clew":
        raise ImportError(name)
    return ordinary(name, *rest)
builtins.__import__ = without_clew
print(pickle.load(open(sys.argv[1], "rb"))(-3))
"""


def test_a_worker_without_clew_gets_the_plain_task(runs: Runs, tmp_path: Path) -> None:
    with clew.start_run():
        far: Any = tasks.Carried(clew.run_context(), abs, True)
    (tmp_path / "task").write_bytes(cloudpickle.dumps(far))
    done = subprocess.run(
        [sys.executable, "-c", FOREIGN, str(tmp_path / "task")], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "3", done.stderr
    near: Any = pickle.loads(pickle.dumps(tasks.Carried(clew.run_context(), abs, False)))
    assert near(-3) == 3


def test_undo_restores_the_original(runs: Runs) -> None:
    original = joblib.Parallel.__call__
    clew.autolog()
    assert joblib.Parallel.__call__ is not original
    assert inspect.signature(joblib.Parallel.__call__) == inspect.signature(original)
    clew.autolog(exclude_flavors=["joblib"])
    assert joblib.Parallel.__call__ is original
    clew.autolog()
    clew.autolog(disable=True)
    assert joblib.Parallel.__call__ is original
    assert session.innermost() is None
