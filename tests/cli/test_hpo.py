"""``clew hpo``: how far a search is."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import Result

import clew as library
from clew.client.link import forget_links

Clew = Callable[..., Result]


def write_study(uri: str, direction: str | None = "maximize") -> str:
    """The id of a study that runs: five trials of ten, of which one failed, one was pruned and one runs."""
    client = library.ClewClient(uri)
    tags = {"mlflow.runName": "wine", "trials.planned": "10"}
    parent = client.create_run("0", run_name="wine", tags=tags).info.run_id
    if direction:
        client.log_param(parent, "direction", direction)
    for number in range(5):
        state = "PRUNED" if number == 1 else "COMPLETE"
        run = client.create_run(
            "0",
            run_name=f"trial-{number}",
            tags={
                "mlflow.parentRunId": parent,
                "trial.number": str(number),
                "trial.state": state,
            },
        )
        client.log_param(run.info.run_id, "depth", number)
        client.log_param(run.info.run_id, "fixed", "same")
        if number < 4:
            client.log_metric(run.info.run_id, "value", number / 10)
            client.log_metric(run.info.run_id, "duration_s", 1.0)
            client.set_terminated(run.info.run_id, "FAILED" if number == 3 else "FINISHED")
    return str(parent)


@pytest.fixture
def study(empty_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The id of a study on the server that the command asks."""
    monkeypatch.setenv("CLEW_TRACKING_URI", empty_server)
    yield write_study(empty_server)
    forget_links()


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_json_tells_states_and_the_best(clew: Clew, study: str) -> None:
    found = told(clew("hpo", "--json"))
    assert found["run_id"] == study
    assert (found["status"], found["trials"], found["planned"], found["pruned"]) == ("RUNNING", 5, 10, 1)
    assert found["states"] == {"running": 1, "finished": 3, "failed": 1, "killed": 0}
    assert (found["metric"], found["direction"]) == ("value", "maximize")
    assert [(t["name"], t["value"]) for t in found["best"]] == [("trial-2", 0.2), ("trial-1", 0.1), ("trial-0", 0.0)]
    assert found["best"][0]["params"] == {"depth": "2", "fixed": "same"}
    assert found["trials_per_minute"] > 0
    assert found["remaining_ms"] > 0


def test_a_search_is_chosen_by_the_first_digits_and_judged_as_asked(clew: Clew, study: str) -> None:
    found = told(clew("hpo", study[:8], "--metric", "duration_s", "--direction", "minimize", "--top", "1", "--json"))
    assert (found["metric"], found["direction"]) == ("duration_s", "minimize")
    assert [t["value"] for t in found["best"]] == [1.0]


def test_a_search_without_a_direction_is_minimized(clew: Clew, empty_server: str) -> None:
    run_id = write_study(empty_server, direction=None)
    found = told(clew("hpo", run_id, "--tracking-uri", empty_server, "--json"))
    assert found["best"][0]["name"] == "trial-0"


def test_a_pipe_gets_one_look(clew: Clew, study: str) -> None:
    result = clew("hpo")
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"wine  {study}  RUNNING")
    assert lines[1] == "5 of 10 trials: 1 running, 3 finished, 1 failed, 1 pruned"
    assert "trials a minute, about" in lines[2]
    assert lines[3] == "highest value: 0.2 (trial-2)"
    rows = [line.split() for line in lines[4:] if line.strip()]
    assert rows[0] == ["Trial", "value", "depth", "fixed"]
    assert rows[2] == ["trial-2", "0.2", "2", "same"]


def test_a_terminal_is_refreshed_until_the_search_ends(study: str, empty_server: str) -> None:
    reading, writing = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "clew", "hpo", "--interval", "0.2"],
        stdout=writing,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
    )
    os.close(writing)
    seen = b""
    try:
        while b"trial-2" not in seen:
            seen += os.read(reading, 4096)
        library.ClewClient(empty_server).set_terminated(study, "FINISHED")
        while True:
            try:
                piece = os.read(reading, 4096)
            except OSError:  # the other side is closed
                break
            seen += piece
    finally:
        process.wait(60)
        os.close(reading)
    assert process.returncode == 0
    assert b"RUNNING" in seen
    assert b"FINISHED" in seen


def test_without_a_search_it_says_so(clew: Clew, server: str) -> None:
    result = clew("hpo", "--tracking-uri", server)
    assert result.exit_code == 1
    assert "no run has children" in result.stderr
