"""One training script, unchanged, against every kind of target: what is stored is the same, entity by entity."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from clew.client.api import ClewClient
from clew.client.link import forget_links
from clew.entities.run import Run
from hosts import stop_host
from interop.conftest import SCRIPTS, clean_environ

pytestmark = pytest.mark.interop

NOW = 1_700_000_000_000
SYSTEM = ("mlflow.user", "mlflow.source.", "mlflow.project.", "mlflow.parentRunId", "clew.")
"""Tags that tell where a run came from and how it got there."""


def python(home: Path, *command: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *command],
        cwd=home,
        env=clean_environ(home, CLEW_HOST_IDLE_S="30", **environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    return done.stdout


def train(home: Path, uri: str, *, offline: bool = False) -> dict[str, Any]:
    """Run the script against a target; all that the target then knows."""
    home.mkdir()
    name = f"training-{uuid4().hex[:8]}"
    more = {"CLEW_OFFLINE": "1"} if offline else {}
    said = python(home, str(SCRIPTS / "training.py"), CLEW_TRACKING_URI=uri, EXPERIMENT=name, **more)
    assert said.splitlines()[-1] == "ok", said
    if offline:
        python(home, "-m", "clew", "sync", CLEW_TRACKING_URI=uri)
    return everything(uri, name)


def everything(uri: str, experiment: str) -> dict[str, Any]:
    """The experiment's runs by name, without ids and the times of the calls."""
    client = ClewClient(uri)
    try:
        found = client.get_experiment_by_name(experiment)
        assert found is not None
        runs = {run.info.run_id: run for run in client.search_runs([found.experiment_id])}
        assert len({run.info.run_name for run in runs.values()}) == len(runs) >= 4
        return {run.info.run_name: run_fields(client, client.get_run(run_id), runs) for run_id, run in runs.items()}
    finally:
        forget_links()


def run_fields(client: ClewClient, run: Run, runs: dict[str, Run]) -> dict[str, Any]:
    run_id = run.info.run_id
    parent = run.data.tags.get("mlflow.parentRunId")
    assert run.info.end_time is not None
    assert run.info.start_time <= run.info.end_time
    return {
        "status": str(run.info.status),
        "stage": run.info.lifecycle_stage,
        "user": run.info.user_id,
        "parent": parent and runs[parent].info.run_name,
        "params": run.data.params,
        "tags": {k: v for k, v in run.data.tags.items() if not k.startswith(SYSTEM)},
        "metrics": {k: repr(v) for k, v in run.data.metrics.items()},
        "history": {
            key: sorted((m.step, m.timestamp, repr(m.value)) for m in client.get_metric_history(run_id, key))
            for key in run.data.metrics
        },
        "models": [
            (m.name, str(m.status), m.params, m.tags.get("t"), m.model_type, m.source_run_id == run_id)
            for m in client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run_id}'")
        ],
        "bound": sorted(
            (m.key, repr(m.value), m.step, m.dataset_name)
            for model in run.inputs.model_inputs
            for m in client.get_logged_model(model.model_id).metrics or ()
        ),
        "inputs": [
            (i.dataset.name, i.dataset.digest, i.dataset.source_type, i.dataset.source, i.dataset.schema, i.tags)
            for i in run.inputs.dataset_inputs
        ],
        "files": {path: digest for path, digest in files(client, run_id, "") if not path.startswith("clew/")},
    }


def files(client: ClewClient, run_id: str, folder: str) -> Iterator[tuple[str, str]]:
    for entry in client.list_artifacts(run_id, folder or None):
        if entry.is_dir:
            yield from files(client, run_id, entry.path)
        else:
            with open(client.download_artifacts(run_id, entry.path), "rb") as file:
                yield entry.path, hashlib.sha256(file.read()).hexdigest()


@pytest.fixture(scope="module")
def on_clew(clew_server_sqlite: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a Clew server knows of the script: what the others are held against."""
    with own_settings(tmp_path_factory.mktemp("settings")):
        return train(tmp_path_factory.mktemp("at") / "clew", clew_server_sqlite)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[None]:
    with own_settings(tmp_path):
        yield


@contextmanager
def own_settings(folder: Path) -> Iterator[None]:
    """This process reads with a spool of its own, and nobody's tracking settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("CLEW_", "MLFLOW_")):
                patch.delenv(name)
        patch.setenv("CLEW_SPOOL", str(folder / "reader"))
        yield


def same(found: dict[str, Any], wanted: dict[str, Any], *, sign_of_zero: bool = True) -> None:
    """Run by run and field by field.

    sign_of_zero: whether the target keeps that; a REAL of SQLite does not.
    """
    assert found.keys() == wanted.keys()
    for name, fields in wanted.items():
        for field, value in fields.items():
            text, other = (json.dumps(v, sort_keys=True) for v in (found[name][field], value))
            if not sign_of_zero:
                text, other = (t.replace('"-0.0"', '"0.0"') for t in (text, other))
            assert text == other, f"{field} of {name}"


def without_model(runs: dict[str, Any]) -> dict[str, Any]:
    return {name: run for name, run in runs.items() if name != "modelled"}


def test_what_the_script_logs_is_all_there(on_clew: dict[str, Any]) -> None:
    assert {name: run["status"] for name, run in on_clew.items()} == {
        "sweep": "FINISHED",
        "trial 0": "FINISHED",
        "trial 1": "FINISHED",
        "failed": "FAILED",
        "modelled": "FINISHED",
    }
    sweep, trial = on_clew["sweep"], on_clew["trial 1"]
    assert sweep["history"] == {"tiny": [(0, NOW, "5e-324")], "minus zero": [(0, NOW, "-0.0")]}
    assert sweep["params"]["opt.lr"] == "0.1"
    assert {k: sweep["tags"][k] for k in ("team", "stage")} == {"team": "blue", "stage": "done"}
    assert "gone" not in sweep["tags"]
    assert [i[0] for i in sweep["inputs"]] == ["train"]
    assert set(sweep["files"]) == {
        *("results/predictions.csv", "results/deep/blob.bin", "predictions.csv"),
        *("notes/text.txt", "notes/config.json"),
    }
    assert len(trial["history"]["loss"]) == 1201
    assert trial["parent"] == "sweep"
    assert on_clew["modelled"]["models"] == [("net", "LOGGED_MODEL_READY", {"depth": "3"}, "x", "kind", True)]
    assert on_clew["modelled"]["bound"] == [("val", "0.5", 2, "train")]


def test_an_embedded_store_knows_the_same(on_clew: dict[str, Any], tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/s.db"
    try:
        same(train(tmp_path / "run", uri), on_clew)
    finally:
        stop_host(uri)


@pytest.mark.slow
def test_a_plain_mlflow_server_knows_the_same(on_clew: dict[str, Any], mlflow_server: str, tmp_path: Path) -> None:
    same(train(tmp_path / "run", mlflow_server), on_clew, sign_of_zero=False)


def test_logged_offline_and_sent_later_it_is_the_same(
    on_clew: dict[str, Any], clew_server_sqlite: str, tmp_path: Path
) -> None:
    same(train(tmp_path / "run", clew_server_sqlite, offline=True), without_model(on_clew))


def test_logged_offline_and_sent_to_mlflow_it_is_the_same(
    on_clew: dict[str, Any], mlflow_server: str, tmp_path: Path
) -> None:
    same(train(tmp_path / "run", mlflow_server, offline=True), without_model(on_clew), sign_of_zero=False)
