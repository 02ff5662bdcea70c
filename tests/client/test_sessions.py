"""One run logged in three sessions without a server: whatever is sent first, and again, it ends as one online run."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from clew.client.api import ClewClient
from clew.client.link import forget_links
from hosts import stop_host

# Times are given, so that they can be compared; the session's number is the argument, and the run's id.
SESSION = """
import sys
import clew
number, run_id = int(sys.argv[1]), sys.argv[2]
clew.set_experiment("three sessions")
if number == 1:
    run = clew.start_run(run_name="long", tags={"first": "1", "stage": "begun"}, description="in pieces")
else:
    run = clew.start_run(run_id=run_id)
with run:
    for step in range(100 * number, 100 * number + 100):
        clew.log_metric("loss", step / 7, step=step, timestamp=1_700_000_000_000 + step)
        clew.log_metrics({"acc": -step / 3, f"only/{number}": step}, step=step, timestamp=1_700_000_000_000 + step)
    clew.log_metric("odd", [float("nan"), float("inf"), -0.0][number - 1], step=number, timestamp=5)
    clew.log_params({f"p{number}": number, "same": "value"})
    clew.set_tag(f"session {number}", "over")
    data = clew.data.from_numpy(__import__("numpy").arange(number), name=f"data {number}")
    clew.log_input(data, context="training", tags={"k": number})
    clew.log_text(f"text of {number}", f"texts/{number}.txt")
    with clew.start_run(run_name=f"inner {number}", nested=True):
        clew.log_metric("x", number, timestamp=7)
print(run.info.run_id)
"""


def log(number: int, run_id: str, uri: str, spool: Path, **environ: str) -> str:
    """Run a session; the run's id."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    kept |= {"CLEW_TRACKING_URI": uri, "CLEW_SPOOL": str(spool), "CLEW_SNAPSHOT": "0", "CLEW_HOST_IDLE_S": "30"}
    done = subprocess.run(
        [sys.executable, "-c", SESSION, str(number), run_id],
        env=kept | environ,
        cwd=spool.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.split()[-1]


def sync(spool: Path, uri: str) -> None:
    """``clew sync``, first of a copy of the journals, then of the journals themselves: all is sent twice."""
    copy = spool.with_name(spool.name + "-copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(spool, copy, ignore=shutil.ignore_patterns("wake", "shipper.lock"))
    for folder in (copy, spool):
        done = subprocess.run(
            [sys.executable, "-m", "clew", "sync", "--json"],
            env=os.environ | {"CLEW_SPOOL": str(folder), "CLEW_TRACKING_URI": uri},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (target,) = json.loads(done.stdout)["targets"]
        assert (target["runs_left"], target["refused"], target["trouble"]) == (0, [], "")


@contextmanager
def new_store(folder: Path) -> Iterator[str]:
    folder.mkdir()
    uri = f"sqlite:///{folder}/s.db"
    yield uri
    forget_links()
    stop_host(uri)


def everything(uri: str, run_id: str) -> dict[str, Any]:
    """All that the store knows of a run, but for ids, and for times that nobody gave."""
    client = ClewClient(uri)
    run = client.get_run(run_id)
    keys = sorted(run.data.metrics)
    inner = client.search_runs([run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{run_id}'")
    files = sorted(f.path for f in client.list_artifacts(run_id, "texts"))
    return {
        "experiment": client.get_experiment(run.info.experiment_id).name,
        "info": (run.info.run_name, run.info.status, run.info.user_id, run.info.lifecycle_stage),
        "params": run.data.params,
        "tags": {k: v for k, v in run.data.tags.items() if k != "mlflow.source.name"},
        "metrics": {k: repr(v) for k, v in run.data.metrics.items()},
        "history": {
            k: [(m.step, m.timestamp, repr(m.value)) for m in client.get_metric_history(run_id, k)] for k in keys
        },
        "inputs": sorted((i.dataset.name, i.dataset.digest, sorted(i.tags.items())) for i in run.inputs.dataset_inputs),
        "files": {f: Path(client.download_artifacts(run_id, f)).read_text() for f in files},
        "inner": sorted((r.info.run_name, r.info.status, r.data.metrics["x"]) for r in inner),
    }


def compare(tmp_path: Path, order: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_SPOOL", str(tmp_path / "spool-test"))
    with new_store(tmp_path / "online") as online, new_store(tmp_path / "offline") as offline:
        together = ""
        for number in (1, 2, 3):
            together = log(number, together, online, tmp_path / "spool")
        pieces = ""
        for number in (1, 2, 3):
            pieces = log(number, pieces, offline, tmp_path / f"spool{number}", CLEW_OFFLINE="1")
        for number in order:
            sync(tmp_path / f"spool{number}", offline)
        found = everything(offline, pieces)
        assert found == everything(online, together)
        info = ClewClient(offline).get_run(pieces).info
        assert info.start_time < info.end_time
        assert len(found["history"]["loss"]) == 300


def test_three_sessions_sent_in_another_order_twice_are_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(tmp_path, (2, 3, 1), monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_three_sessions_sent_in_any_order_twice_are_one_run(
    order: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(tmp_path, order, monkeypatch)


def test_sessions_of_one_machine_are_sent_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_SPOOL", str(tmp_path / "spool-test"))
    with new_store(tmp_path / "store") as uri:
        run_id = ""
        for number in (1, 2, 3):
            run_id = log(number, run_id, uri, tmp_path / "spool", CLEW_OFFLINE="1")
        sync(tmp_path / "spool", uri)
        run = ClewClient(uri).get_run(run_id)
        assert run.info.run_name == "long"
        assert "clew.conflicts" not in run.data.tags
        assert len(ClewClient(uri).get_metric_history(run_id, "loss")) == 300


def test_a_run_id_that_nobody_has_begun_begins_with_its_first_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_SPOOL", str(tmp_path / "spool-test"))
    run_id = "ab" * 16
    with new_store(tmp_path / "store") as uri:
        for number in (3, 2):
            log(number, run_id, uri, tmp_path / f"spool{number}", CLEW_OFFLINE="1")
            sync(tmp_path / f"spool{number}", uri)
        run = ClewClient(uri).get_run(run_id)
        assert (run.info.status, run.info.run_name) == ("FINISHED", "run-abababab")
        assert run.data.tags["clew.beginning"] == "unknown"
        assert run.data.params == {"p2": "2", "p3": "3", "same": "value"}
