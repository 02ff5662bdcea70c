"""The server is away: logging goes on, nothing raises, one warning says why; later everything arrives."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import clew
from clew.client import spool
from clew.client.link import forget_links
from clew.client.session import session
from clew.client.shipper import Shipper, hold
from clew.client.target import resolve
from clew.errors import Conflict, InvalidValue, Unavailable
from crash.servers import ServerProcess, free_port
from hosts import eventually, stop_host


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that refuses connections, chosen as tracking URI; no shipper is started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{probe.getsockname()[1]}"
        monkeypatch.setenv("CLEW_TRACKING_URI", uri)
        monkeypatch.setattr("clew.client.start.Launcher.tend", lambda *_, **__: True)
        monkeypatch.setattr("clew.client.link.FENCE_S", 0.05)
        yield uri


def sync(uri: str, target: str | None = None) -> Shipper:
    """Ship the journals meant for ``uri`` in this process, to another store if given."""
    folder = spool.target_folder(os.environ["CLEW_SPOOL"], resolve(uri))
    if target is not None:
        moved = spool.target_folder(os.environ["CLEW_SPOOL"], resolve(target))
        os.rename(folder, moved)
        os.unlink(os.path.join(moved, "target.json"))
        folder = spool.open_target(os.environ["CLEW_SPOOL"], resolve(target))
    lock = hold(folder, 10.0)
    assert lock is not None
    shipper = Shipper(folder, once=True)
    try:
        shipper.run()
    finally:
        os.close(lock)
    return shipper


def log_everything(tmp_path: Path) -> str:
    (tmp_path / "file.txt").write_text("content")
    clew.set_experiment("offline")
    with clew.start_run(run_name="away", tags={"t": "1"}) as run:
        clew.log_params({"a": 1})
        for step in range(100):
            clew.log_metric("loss", step / 3, step=step)
        clew.log_artifact(tmp_path / "file.txt", "files")
        clew.log_text("text", "t.txt")
        clew.set_tag("late", "x")
        with clew.start_run(nested=True, run_name="inner"):
            clew.log_metric("x", 1.0)
    return run.info.run_id


def check_everything(run_id: str) -> None:
    run = clew.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "away")
    assert run.data.params == {"a": "1"}
    assert {k: run.data.tags[k] for k in ("t", "late")} == {"t": "1", "late": "x"}
    assert clew.get_experiment(run.info.experiment_id).name == "offline"
    assert [m.value for m in clew.get_metric_history(run_id, "loss")] == [n / 3 for n in range(100)]
    assert clew.artifacts.load_text(f"runs:/{run_id}/files/file.txt") == "content"
    assert clew.artifacts.load_text(f"runs:/{run_id}/t.txt") == "text"
    inner = clew.search_runs(
        filter_string=f"tags.mlflow.parentRunId = '{run_id}'", output_format="list", experiment_names=["offline"]
    )
    assert [r.data.metrics for r in inner] == [{"x": 1.0}]


def test_an_unreachable_server_costs_one_warning_and_nothing_else(
    away: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log_everything(tmp_path)
    causes = [r.getMessage() for r in caplog.records if "does not answer" in r.getMessage()]
    assert len(causes) == 1
    assert "Connection refused" in causes[0]
    assert "clew sync" in causes[0]
    with pytest.raises(Unavailable, match="Connection refused"):
        clew.get_run("0" * 32)


def test_the_user_s_own_mistakes_raise_all_the_same(away: str) -> None:
    with clew.start_run():
        clew.log_param("a", 1)
        with pytest.raises(Conflict):
            clew.log_param("a", 2)
        with pytest.raises(InvalidValue):
            clew.log_metric("", 1.0)


def test_what_was_logged_while_the_server_was_away_arrives_later(away: str, store: str, tmp_path: Path) -> None:
    session.tracking_uri = away
    run_id = log_everything(tmp_path)
    forget_links()
    session.tracking_uri = session.experiment_id = session.experiment_name = None
    shipper = sync(away, store)
    assert (shipper.trouble.text, shipper.refused) == ("", [])
    check_everything(run_id)
    assert list(spool.runs(shipper.folder)) == []


def test_a_file_of_a_run_whose_beginning_has_not_arrived_waits_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    away = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("CLEW_TRACKING_URI", away)
    monkeypatch.setattr("clew.client.start.Launcher.tend", lambda *_, **__: True)
    monkeypatch.setattr("clew.client.link.FENCE_S", 0.05)
    clew.set_experiment("late")
    run = clew.start_run()
    server = ServerProcess(tmp_path, f"sqlite:///{tmp_path}/s.db", port)
    try:
        session.link._away_until = 0.0
        clew.log_text("text", "t.txt")
        clew.end_run()
        assert sync(away).refused == []
        assert clew.artifacts.load_text(f"runs:/{run.info.run_id}/t.txt") == "text"
    finally:
        server.end(signal.SIGKILL)


def test_offline_mode_sends_nothing_until_sync(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    run_id = log_everything(tmp_path)
    assert caplog.records == []
    with pytest.raises(Unavailable, match="CLEW_OFFLINE"):
        clew.get_run(run_id)
    assert stop_host(store) is None
    monkeypatch.delenv("CLEW_OFFLINE")
    forget_links()
    session.experiment_id = session.experiment_name = None
    assert not sync(store).trouble
    check_everything(run_id)


def test_an_experiment_chosen_by_id_is_kept(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = clew.create_experiment("by id")
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    forget_links()
    with clew.start_run(experiment_id=experiment) as run:
        pass
    monkeypatch.delenv("CLEW_OFFLINE")
    forget_links()
    sync(store)
    assert clew.get_run(run.info.run_id).info.experiment_id == experiment


def test_files_over_16_mb_are_shipped_from_where_they_lie_or_reported(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    for name in ("kept", "changed", "gone"):
        (tmp_path / name).write_bytes(b"x" * (17 << 20))
    with clew.start_run() as run:
        for name in ("kept", "changed", "gone"):
            clew.log_artifact(tmp_path / name)
    (tmp_path / "changed").write_bytes(b"y" * (17 << 20))
    (tmp_path / "gone").unlink()
    monkeypatch.delenv("CLEW_OFFLINE")
    forget_links()
    sync(store)
    files = clew.artifacts.list_artifacts(run_id=run.info.run_id)
    assert [(f.path, f.file_size) for f in files] == [("kept", 17 << 20)]
    assert "cannot be read" in clew.get_run(run.info.run_id).data.tags["clew.artifacts.missing"]


def test_the_host_comes_back_after_it_died(store: str) -> None:
    with clew.start_run() as run:
        clew.log_metric("x", 1.0, step=0)
        clew.flush()
        assert stop_host(store) is not None
        clew.log_metric("x", 2.0, step=1)
    history = clew.get_metric_history(run.info.run_id, "x")
    assert [m.value for m in history] == [1.0, 2.0]


def test_thread_mode_needs_no_process(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_SHIPPER", "thread")
    monkeypatch.setattr("clew.client.start.Launcher._start_process", lambda _: pytest.fail("a process was started"))
    with clew.start_run() as run:
        clew.log_metric("x", 1.0)
    assert clew.get_run(run.info.run_id).data.metrics == {"x": 1.0}
    folder = spool.target_folder(os.environ["CLEW_SPOOL"], store)
    eventually(lambda: not spool.wake(folder))


def test_a_spool_that_cannot_be_written_moves_to_the_temporary_folder(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import tempfile

    (tmp_path / "file").write_text("")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("CLEW_SPOOL", str(tmp_path / "file" / "spool"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    with clew.start_run() as run:
        clew.log_metric("x", 1.0)
    assert clew.get_run(run.info.run_id).data.metrics == {"x": 1.0}
    assert [r.getMessage() for r in caplog.records if "CLEW_SPOOL" in r.getMessage()] != []
