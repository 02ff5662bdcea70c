"""One study, one server, workers in several processes."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

import clew
from clew.entities.run import Run
from clew.integrations.optuna import journal
from hosts import eventually
from interop.conftest import clean_environ, free_port, running

pytestmark = pytest.mark.frameworks

WORKER = """
import sys, time
import clew, optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
name, trials, stuck = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "stuck"

def objective(trial):
    x = trial.suggest_float("x", -1, 1)
    trial.report(x, 0)
    if stuck and trial.number:
        print("stuck", trial.number, flush=True)
        time.sleep(600)
    time.sleep(0.02)
    return x * x

clew.autolog()
study = optuna.create_study(
    study_name=name, storage=clew.optuna.storage(), sampler=optuna.samplers.RandomSampler(), load_if_exists=True
)
study.optimize(objective, n_trials=trials)
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server, which is the tracking URI of this process and of its workers."""
    port = free_port()
    command = [sys.executable, "-m", "clew", "server", "--port", str(port), "--backend-store-uri", "sqlite:///clew.db"]
    with running(command, port, tmp_path) as url:
        monkeypatch.setenv("CLEW_TRACKING_URI", url)
        yield url


def start(server: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    folder.mkdir()
    environ = clean_environ(folder, CLEW_TRACKING_URI=server, PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WORKER), *map(str, arguments)],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE if "stuck" in arguments else None,
        text=True,
    )


def family() -> tuple[Run, dict[str, Run]]:
    found = clew.search_runs(output_format="list", search_all_experiments=True)
    assert isinstance(found, list)
    (parent,) = (run for run in found if "mlflow.parentRunId" not in run.data.tags)
    children = {run.info.run_name: run for run in found if run is not parent}
    assert len(children) == len(found) - 1
    assert {run.data.tags["mlflow.parentRunId"] for run in children.values()} == {parent.info.run_id}
    return parent, children


def test_two_processes_share_a_study_and_its_run(server: str, tmp_path: Path) -> None:
    workers = [start(server, tmp_path / f"w{n}", "shared", 10, "busy") for n in range(2)]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    study = optuna.load_study(study_name="shared", storage=clew.optuna.storage())
    assert [trial.number for trial in study.trials] == list(range(20))
    parent, children = family()
    assert (parent.info.run_name, parent.info.status) == ("shared", "FINISHED")
    assert set(children) == {f"trial-{n}" for n in range(20)}
    for trial in study.trials:
        run = children[f"trial-{trial.number}"]
        assert run.info.status == "FINISHED"
        assert (run.data.params["x"], run.data.metrics["value"]) == (str(trial.params["x"]), trial.value)
    assert json.loads(parent.data.tags["best_params"]) == study.best_params
    assert parent.data.metrics["trials_complete"] == 20.0
    assert "clew.conflicts" not in parent.data.tags


def test_a_killed_worker_costs_its_trial_and_nothing_else(server: str, tmp_path: Path) -> None:
    stuck = start(server, tmp_path / "stuck", "shared", 10, "stuck")
    assert stuck.stdout is not None
    lost = int(stuck.stdout.readline().split()[1])
    other = start(server, tmp_path / "other", "shared", 5, "busy")
    stuck.send_signal(signal.SIGKILL)
    stuck.wait()
    stuck.stdout.close()
    assert other.wait(120) == 0
    study = optuna.load_study(study_name="shared", storage=clew.optuna.storage())
    states = {trial.number: trial.state.name for trial in study.trials}
    assert states == {n: "RUNNING" if n == lost else "COMPLETE" for n in range(7)}
    _, children = family()
    assert set(children) == {f"trial-{n}" for n in range(7)}
    eventually(lambda: clew.get_run(children[f"trial-{lost}"].info.run_id).info.status == "KILLED", 90)
    assert {run.info.status for name, run in children.items() if name != f"trial-{lost}"} == {"FINISHED"}


def test_a_storage_travels_without_its_password(server: str) -> None:
    assert b"secret" not in pickle.dumps(journal.StudyJournal("j", server.replace("http://", "http://ann:secret@")))
    study = optuna.create_study(storage=pickle.loads(pickle.dumps(clew.optuna.storage("mine"))))
    study.optimize(lambda trial: float("inf"), n_trials=1)
    assert clew.optuna.storage("mine").get_all_studies()[0].study_name == study.study_name
    assert clew.optuna.storage("other").get_all_studies() == []
    again = optuna.load_study(study_name=study.study_name, storage=clew.optuna.storage("mine"))
    assert again.trials[0].value == float("inf")
