"""Servers that are stopped, killed, doubled or out of disk: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crash.servers import API, NATIVE, Events, ServerProcess, Writer, ask, free_port, insist, steps
from hosts import eventually

Start = Callable[..., ServerProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers, which end with the test."""
    running: list[ServerProcess] = []

    def run(store: str, port: int | None = None, *options: str, **more: Any) -> ServerProcess:
        running.append(ServerProcess(tmp_path, store, port or free_port(), *options, **more))
        return running[-1]

    yield run
    for server in running:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


def new_run(port: int) -> str:
    fields = {"experiment_id": "0", "start_time": 1}
    return str(insist([port], API + "runs/create", fields)["run"]["info"]["run_id"])


@pytest.mark.postgres
def test_two_servers_on_one_database_tell_and_survive_each_other(start: Start, postgres_url: str) -> None:
    one, two = start(postgres_url), start(postgres_url)
    run_ids = [new_run(one.port) for _ in range(4)]
    listener = Events(two.port, f"exp:0,run:{run_ids[0]}")
    eventually(lambda: "event: ready" in listener.said)
    ports = [one.port, two.port]
    writers = [Writer(ports[n % 2 :] + ports[: n % 2], run_id) for n, run_id in enumerate(run_ids)]
    for writer in writers:
        writer.start()
    eventually(lambda: {e["topic"] for e in listener.changes()} == {"exp:0", f"run:{run_ids[0]}"})
    eventually(lambda: all(writer.written > 30 for writer in writers))
    listener.close()
    one.end(signal.SIGKILL)
    at_the_kill = [writer.written for writer in writers]
    eventually(lambda: all(w.written > n + 30 for w, n in zip(writers, at_the_kill, strict=True)))
    for writer in writers:
        writer.finish()
        stored = steps(two.port, writer.run_id)
        assert stored[: writer.written] == list(range(writer.written))
        assert len(stored) <= writer.written + 1
    changed = ask(two.port, "GET", f"{NATIVE}changes?experiment_id=0&since=0")[1]
    assert set(changed["run_ids"]) == set(run_ids)


def test_a_restart_loses_nothing_and_ends_streams_at_once(start: Start, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    server = start(store, None, "--log-format", "json")
    run_ids = [new_run(server.port) for _ in range(3)]
    writers = [Writer([server.port], run_id) for run_id in run_ids]
    for writer in writers:
        writer.start()
    for _ in range(2):
        stream = Events(server.port, "exp:0")
        before = [writer.written for writer in writers]
        eventually(lambda before=before: all(w.written > n + 20 for w, n in zip(writers, before, strict=True)))
        begun = time.monotonic()
        assert server.end(signal.SIGTERM) == 0
        assert time.monotonic() - begun < 8  # uvicorn would wait 10 s for an open stream
        stream.join(5)
        assert not stream.is_alive()
        server = start(store, server.port, "--log-format", "json")
    for writer in writers:
        writer.finish()
        stored = steps(server.port, writer.run_id)
        assert stored[: writer.written] == list(range(writer.written))
        assert len(stored) <= writer.written + 1
    assert "Traceback" not in server.log.read_text()


def test_what_was_acknowledged_is_read_right_after_a_kill(start: Start, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/s.db"
    server = start(store)
    run_id = new_run(server.port)
    points = [{"key": "loss", "value": n / 2, "timestamp": n, "step": n} for n in range(1000)]
    insist([server.port], API + "runs/log-batch", {"run_id": run_id, "metrics": points})
    server.end(signal.SIGKILL)
    assert os.path.getsize(tmp_path / "s.db-wal") > 0
    assert steps(start(store, server.port).port, run_id) == list(range(1000))


def fill(port: int, run_id: str) -> tuple[int, dict[str, Any]]:
    """Write until the server refuses; how many values it took, and its refusal."""
    for number in range(5000):
        tags = [{"key": f"t{number}-{n}", "value": os.urandom(2500).hex()} for n in range(20)]
        status, answer = ask(port, "POST", API + "runs/log-batch", {"run_id": run_id, "tags": tags})
        if status != 200:
            return number * 20, {"status": status, **answer}
    raise AssertionError("it never filled up")


def check_full_and_free(server: ServerProcess, run_id: str, free: Callable[[], object]) -> None:
    """The refusal says why; what was acknowledged is there; with space, writing goes on."""
    taken, refusal = fill(server.port, run_id)
    assert refusal["status"] == 503
    assert "full" in refusal["message"]
    assert server.status("/ready") == 200
    free()
    insist([server.port], API + "runs/set-tag", {"run_id": run_id, "key": "after", "value": "1"})
    _, found = ask(server.port, "GET", f"{API}runs/get?run_id={run_id}")
    tags = {t["key"] for t in found["run"]["data"]["tags"] if t["key"].startswith("t")}
    assert len(tags) in (taken, taken + 20)
    assert server.end(signal.SIGTERM) == 0


def test_a_file_that_may_not_grow_is_named_and_survived(start: Start, tmp_path: Path) -> None:
    server = start(f"sqlite:///{tmp_path}/s.db")
    run_id = new_run(server.port)
    pid = server.process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (3_000_000, hard))
    check_full_and_free(server, run_id, lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard)))
    assert steps(start(f"sqlite:///{tmp_path}/s.db").port, run_id) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounting a small disk needs an administrator")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_named_and_survived(start: Start, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 2_000_000)
    files = small_disk / "files"
    server = start(f"sqlite:///{small_disk}/s.db", None, "--artifacts-destination", str(files))
    check_full_and_free(server, new_run(server.port), ballast.unlink)
