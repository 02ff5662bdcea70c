"""``clew sync`` and what ``clew doctor`` says of a journal: runs that were logged without a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Clew = Callable[..., Result]

SCRIPT = """
import clew
clew.set_experiment("offline")
with clew.start_run(run_name="alone") as run:
    clew.log_param("lr", 0.1)
    for step in range(100):
        clew.log_metric("loss", 1 / (step + 1), step=step)
print(run.info.run_id)
"""


def log_offline(uri: str) -> str:
    """Logs a run for ``uri`` without anybody sending it; its id."""
    environ = dict(os.environ) | {"CLEW_OFFLINE": "1", "CLEW_TRACKING_URI": uri}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environ, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def test_nothing_to_send(clew: Clew) -> None:
    assert "Nothing waits" in clew("sync").stdout
    assert json.loads(clew("sync", "--json").stdout) == {"targets": []}


def test_offline_runs_are_named_by_doctor_and_sent_by_sync(clew: Clew, empty_server: str) -> None:
    run_id = log_offline(empty_server)
    doctor = clew("doctor", "--tracking-uri", empty_server, "--json")
    (target,) = json.loads(doctor.stdout)["spool"]["targets"]
    assert (target["target"], target["runs"], target["writing"], target["shipper"]) == (empty_server, 1, 0, False)
    assert target["segments"] == 1
    assert any("clew sync" in problem for problem in json.loads(doctor.stdout)["problems"])
    assert doctor.exit_code == 1
    assert clew("runs", "show", run_id, "--tracking-uri", empty_server).exit_code == 1

    sent = json.loads(clew("sync", "--json").stdout)["targets"]
    assert [(t["target"], t["runs_left"], t["refused"], t["trouble"]) for t in sent] == [(empty_server, 0, [], "")]
    assert sent[0]["records"] > 100

    run = json.loads(clew("runs", "show", run_id, "--tracking-uri", empty_server, "--json").stdout)
    assert run["status"] == "FINISHED"
    assert run["metrics"] == {"loss": 0.01}
    assert run["params"] == {"lr": "0.1"}
    assert json.loads(clew("doctor", "--tracking-uri", empty_server, "--json").stdout)["problems"] == []
    assert "Nothing waits" in clew("sync").stdout


def test_a_target_for_which_nothing_waits_is_not_asked(clew: Clew) -> None:
    assert clew("runs", "list", "--tracking-uri", "http://127.0.0.1:1").exit_code == 1
    result = clew("sync")
    assert result.exit_code == 0, result.output
    assert "Nothing waits" in result.stdout


def test_sync_of_one_target_leaves_the_others(clew: Clew, empty_server: str) -> None:
    log_offline("http://127.0.0.1:1")
    log_offline(empty_server)
    sent = json.loads(clew("sync", "--tracking-uri", empty_server, "--json").stdout)["targets"]
    assert [t["target"] for t in sent] == [empty_server]


def test_a_server_that_is_away_is_named_and_nothing_is_lost(clew: Clew) -> None:
    log_offline("http://127.0.0.1:1")
    result = clew("sync", "--json")
    assert result.exit_code == 1
    (outcome,) = json.loads(result.stdout)["targets"]
    assert outcome["runs_left"] == 1
    assert "127.0.0.1:1" in outcome["trouble"]
    assert "Connection refused" in clew("sync").stdout


@pytest.mark.slow
def test_sync_into_an_embedded_store(clew: Clew, tmp_path: Path) -> None:
    uri = str(tmp_path / "store")
    run_id = log_offline(uri)
    assert clew("sync").exit_code == 0
    assert json.loads(clew("runs", "show", run_id, "--tracking-uri", uri, "--json").stdout)["run_name"] == "alone"
