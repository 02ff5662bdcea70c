"""``clew sync`` and what ``clew doctor`` says of a journal: runs that were logged without a server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path

import pytest
from click.testing import Result

from doors import Door, Wrong, page, refusal

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
    assert (target["segments"], target["files"], target["answers"]) == (1, 0, True)
    assert target["entries"] > 100
    assert abs(target["oldest_ms"] / 1000 - time.time()) < 60
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


def test_doctor_says_why_it_does_not_move_and_since_when(clew: Clew) -> None:
    log_offline("http://127.0.0.1:1")
    assert clew("sync").exit_code == 1
    (target,) = json.loads(clew("doctor", "--json").stdout)["spool"]["targets"]
    assert "Connection refused" in target["trouble"]
    assert "clew sync" in target["cure"]
    assert target["answers"] is False
    assert abs(target["tried_ms"] / 1000 - time.time()) < 60
    assert target["since_ms"] <= target["tried_ms"]
    result = clew("doctor")
    assert result.exit_code == 1
    assert "cannot be sent" in result.stdout
    assert f"http://127.0.0.1:1 waits in {target['folder']}" in result.stdout
    assert "Connection refused (since " in result.stdout
    assert "Problem: the journal for http://127.0.0.1:1 is not being sent" in result.stdout


def test_doctor_says_when_it_would_move_again(clew: Clew, empty_server: str) -> None:
    door = Door(int(empty_server.rpartition(":")[2]))
    try:
        door.always(page(503))
        log_offline(door.url)
        clew("sync")
        door.always(None)
        assert "It answers now; run `clew sync`" in clew("doctor").stdout
        assert clew("sync").exit_code == 0
    finally:
        door.close()


def test_what_was_refused_is_named_and_tried_again(clew: Clew, empty_server: str) -> None:
    door = Door(int(empty_server.rpartition(":")[2]))
    try:
        run_id = log_offline(door.url)
        door.answer = lambda method, path, _: (
            refusal(404, "RESOURCE_DOES_NOT_EXIST", "Run not found") if "/ingest?" in path else None
        )
        result = clew("sync")
        assert result.exit_code == 1
        assert f"Run {run_id} was refused: Run not found" in result.stdout
        doctor = clew("doctor")
        assert doctor.exit_code == 1
        assert "Run not found" in doctor.stdout
        assert "`clew sync` tries again" in doctor.stdout
        assert clew("sync").exit_code == 1
        door.always(None)
        assert clew("sync").exit_code == 0
        assert json.loads(clew("runs", "show", run_id, "--tracking-uri", door.url, "--json").stdout)["run_id"] == run_id
        assert clew("doctor").exit_code == 0
    finally:
        door.close()


def test_a_run_that_may_not_be_written_is_named_by_both(clew: Clew, empty_server: str) -> None:
    door = Door(int(empty_server.rpartition(":")[2]))
    try:
        run_id = log_offline(door.url)
        door.answer = lambda method, path, _: (
            refusal(403, "PERMISSION_DENIED", "not yours") if "/ingest?" in path else None
        )
        for command in ("sync", "doctor"):
            result = clew(command)
            assert result.exit_code == 1
            assert run_id in result.stdout
            assert "answers 403: not yours" in result.stdout
            assert "CLEW_TOKEN" in result.stdout
        (target,) = json.loads(clew("sync", "--json").stdout)["targets"]
        assert [(s["run_id"], s["tried_ms"] > 0) for s in target["stuck"]] == [(run_id, True)]
    finally:
        door.close()


def test_a_clock_that_is_wrong_is_named(clew: Clew, empty_server: str) -> None:
    door = Door(int(empty_server.rpartition(":")[2]))
    try:
        body = json.dumps({"name": "clew", "version": "1", "store": "s"}).encode()
        late = formatdate(time.time() - 3600, usegmt=True)
        door.always(Wrong(200, body, headers={"Date": late}))
        found = json.loads(clew("doctor", "--tracking-uri", door.url, "--json").stdout)
        assert 3500 < found["store"]["clock_skew_s"] < 3700
        assert any("ahead of the server's" in problem for problem in found["problems"])
    finally:
        door.close()
    right = json.loads(clew("doctor", "--tracking-uri", empty_server, "--json").stdout)
    assert abs(right["store"]["clock_skew_s"]) < 30
    assert right["problems"] == []


def test_journals_that_had_to_go_elsewhere_are_found(
    clew: Clew, empty_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = log_offline(empty_server)
    elsewhere = tmp_path / f"clew-{os.getuid()}"
    elsewhere.mkdir()
    os.rename(os.environ["CLEW_SPOOL"], elsewhere / "spool")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert str(elsewhere) in clew("doctor").stdout
    assert clew("sync").exit_code == 0
    assert clew("runs", "show", run_id, "--tracking-uri", empty_server).exit_code == 0


def test_a_spool_that_cannot_be_written_is_a_problem(
    clew: Clew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLEW_SPOOL", str(tmp_path / "file"))
    result = clew("doctor")
    assert result.exit_code == 1
    assert "cannot be written" in result.stdout


def test_a_disk_with_too_little_room_for_the_journal_is_a_problem(clew: Clew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12 - 10**10, 10**10))
    result = clew("doctor")
    assert result.exit_code == 1
    assert "only 10 GB free" in result.stdout
    assert "below 50 GB points are not logged (drop)" in result.stdout


@pytest.mark.slow
def test_sync_into_an_embedded_store(clew: Clew, tmp_path: Path) -> None:
    uri = str(tmp_path / "store")
    run_id = log_offline(uri)
    assert clew("sync").exit_code == 0
    assert json.loads(clew("runs", "show", run_id, "--tracking-uri", uri, "--json").stdout)["run_name"] == "alone"
