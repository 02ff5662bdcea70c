"""Real hosts: started on demand, ended when idle, taken over, killed, refused."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from clew.ids import new_id
from clew.server.peer import UnixConnection
from clew.server.places import Places, answers, places, read_info, socket_path

from .conftest import API, NATIVE

SERVE = "import sys; from clew.server.host import serve; serve(sys.argv[1], port=int(sys.argv[2]))"
PATIENCE_S = 30.0

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def where(tmp_path: Path) -> Places:
    return places(f"sqlite:///{tmp_path / 's.db'}")


@pytest.fixture
def start(where: Places, tmp_path: Path) -> Iterator[Start]:
    """Starts a host of the test's store: on demand, or ``clew server``'s when a port is given."""
    children: list[subprocess.Popen[str]] = []

    def run(port: int | None = None, idle_s: float = 60.0, url: str = "") -> subprocess.Popen[str]:
        store = ["--store", url or where.url, "--on-demand"]
        command = ["-m", "clew.server.host", *store] if port is None else ["-c", SERVE, url or where.url, str(port)]
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
        environ |= {"CLEW_HOST_IDLE_S": str(idle_s), "CLEW_SPOOL": str(tmp_path / "spool")}
        child = subprocess.Popen(
            [sys.executable, *command],
            env=environ,
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            # A shell lets what it starts with & ignore Ctrl-C, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        children.append(child)
        return child

    yield run
    for child in children:
        if child.poll() is None:
            child.kill()
        child.communicate()


def until(happened: Callable[[], Any]) -> Any:
    """Waits for something that must happen soon."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = happened()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def ready(where: Places, child: subprocess.Popen[str]) -> None:
    def listening() -> bool:
        assert child.poll() is None, child.communicate()[1]
        info = read_info(where.info)
        return info is not None and info.pid == child.pid and answers(info.socket)

    until(listening)


def ask(connection: HTTPConnection, method: str, path: str, fields: object = None) -> tuple[int, Any]:
    body = None if fields is None else json.dumps(fields)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")
    finally:
        connection.close()


def call(where: Places, method: str, path: str, fields: object = None) -> Any:
    status, found = ask(UnixConnection(where.socket, 20), method, path, fields)
    assert status == 200, found
    return found


def start_run(where: Places, run_id: str) -> Any:
    return call(where, "POST", NATIVE + "runs/start", {"run_id": run_id, "experiment_id": "0"})["run"]["info"]


def test_a_host_starts_answers_and_ends_when_nobody_is_left(where: Places, start: Start) -> None:
    child = start(idle_s=0.3)
    ready(where, child)
    info = read_info(where.info)
    assert info is not None
    assert (info.on_demand, info.urls, info.socket) == (True, [], where.socket)
    assert Path(where.socket).stat().st_mode & 0o077 == 0
    connection = UnixConnection(where.socket, 20)
    connection.request("GET", NATIVE + "info")
    assert json.loads(connection.getresponse().read())["on_demand"] is True
    time.sleep(0.8)  # an open connection keeps it, however silent
    assert child.poll() is None
    connection.close()
    assert child.wait(PATIENCE_S) == 0
    assert not os.path.exists(where.socket)
    assert not os.path.exists(where.info)


def test_of_many_hosts_one_stays(where: Places, start: Start) -> None:
    children = [start() for _ in range(4)]
    until(lambda: sum(c.poll() is None for c in children) == 1)
    (left,) = [c for c in children if c.poll() is None]
    assert [c.returncode for c in children if c is not left] == [0, 0, 0]
    ready(where, left)
    assert call(where, "GET", NATIVE + "info")["pid"] == left.pid


def test_a_killed_host_is_followed_by_another_with_all_that_was_acknowledged(where: Places, start: Start) -> None:
    run_ids = []
    for _ in range(3):
        child = start()
        ready(where, child)
        run_ids.append(new_id())
        start_run(where, run_ids[-1])
        child.kill()
        child.wait()
        assert os.path.exists(where.socket)  # left behind; the next one clears it away
    child = start()
    ready(where, child)
    for run_id in run_ids:
        assert call(where, "GET", f"{API}runs/get?run_id={run_id}")["run"]["info"]["run_id"] == run_id


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_finishes_and_cleans_up_on_a_signal(where: Places, start: Start, number: signal.Signals) -> None:
    child = start(port=0)
    ready(where, child)
    start_run(where, new_id())
    child.send_signal(number)
    child.wait(PATIENCE_S)
    assert not os.path.exists(where.socket)
    assert not os.path.exists(where.info)
    if number == signal.SIGTERM:
        assert child.returncode == 0


def test_a_terminals_ctrl_c_does_not_end_an_on_demand_host(where: Places, start: Start) -> None:
    child = start()
    ready(where, child)
    child.send_signal(signal.SIGINT)
    call(where, "GET", NATIVE + "info")
    assert child.poll() is None


def test_a_server_takes_the_store_over_from_an_on_demand_host(where: Places, start: Start) -> None:
    helper = start()
    ready(where, helper)
    run_id = new_id()
    start_run(where, run_id)
    server = start(port=0)
    ready(where, server)
    assert helper.wait(PATIENCE_S) == 0
    info = read_info(where.info)
    assert info is not None
    assert info.on_demand is False
    (url,) = info.urls
    port = int(url.rpartition(":")[2])
    for connection in (HTTPConnection("127.0.0.1", port, timeout=20), UnixConnection(where.socket, 20)):
        status, found = ask(connection, "GET", f"{API}runs/get?run_id={run_id}")
        assert (status, found["run"]["info"]["run_id"]) == (200, run_id)


def test_a_helper_leaves_a_server_alone(where: Places, start: Start) -> None:
    server = start(port=0)
    ready(where, server)
    assert start().wait(PATIENCE_S) == 0
    assert server.poll() is None


def test_a_second_server_is_refused_with_the_first_ones_address(where: Places, start: Start) -> None:
    first = start(port=0)
    ready(where, first)
    info = read_info(where.info)
    assert info is not None
    second = start(port=0)
    _, said = second.communicate(timeout=PATIENCE_S)
    assert second.returncode != 0
    assert f"process {first.pid} at {info.urls[0]}" in said


def test_a_taken_port_is_explained(where: Places, start: Start, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        foreign.settimeout(PATIENCE_S)
        child = start(port=foreign.getsockname()[1])
        foreign.accept()[0].close()  # not a Clew: it hangs up
        assert "choose a free one with --port" in child.communicate(timeout=PATIENCE_S)[1]
    first = start(port=0)
    ready(where, first)
    info = read_info(where.info)
    assert info is not None
    other = f"sqlite:///{tmp_path / 'other.db'}"
    second = start(port=int(info.urls[0].rpartition(":")[2]), url=other)
    assert f"taken by a Clew server, process {first.pid}" in second.communicate(timeout=PATIENCE_S)[1]


def test_a_store_that_cannot_be_opened_is_said_in_one_line(start: Start, tmp_path: Path) -> None:
    (tmp_path / "foreign.db").write_bytes(b"no database at all, but long enough to look at" * 50)
    child = start(url=f"sqlite:///{tmp_path / 'foreign.db'}")
    _, said = child.communicate(timeout=PATIENCE_S)
    assert child.returncode == 1
    assert said.startswith("clew: ")
    assert len(said.strip().splitlines()) == 1


def test_silent_runs_are_killed_when_a_host_opens(where: Places, start: Start) -> None:
    child = start()
    ready(where, child)
    silent, speaking = new_id(), new_id()
    for run_id in (silent, speaking):
        start_run(where, run_id)
    child.terminate()
    child.wait(PATIENCE_S)
    from clew.storage import life
    from clew.storage.store import Store

    store = Store.open(where.url, background=False)
    now_ms = time.time_ns() // 1_000_000
    store.write(lambda tx: life.heartbeat(tx, silent, now_ms - 60_000))
    store.write(lambda tx: life.heartbeat(tx, speaking, now_ms))
    store.close()
    ready(where, start())

    def status(run_id: str) -> str:
        return str(call(where, "GET", f"{API}runs/get?run_id={run_id}")["run"]["info"]["status"])

    until(lambda: status(silent) == "KILLED")
    assert status(speaking) == "RUNNING"


def test_requests_in_flight_are_finished(where: Places, start: Start) -> None:
    child = start(port=0)
    ready(where, child)
    connection = UnixConnection(where.socket, 20)
    body = b"x" * 100_000
    connection.putrequest("PUT", "/api/2.0/mlflow-artifacts/artifacts/late.bin")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()
    connection.send(body[:50_000])
    until(lambda: os.path.exists(os.path.join(where.artifacts, ".clew-incoming")))
    child.terminate()
    until(lambda: not os.path.exists(where.socket))  # nobody finds a host that is ending
    assert not os.path.exists(where.info)
    assert child.poll() is None
    connection.send(body[50_000:])
    assert connection.getresponse().status == 200
    connection.close()
    assert child.wait(PATIENCE_S) == 0
    assert Path(where.artifacts, "late.bin").stat().st_size == len(body)


@pytest.mark.postgres
def test_a_postgres_store_has_several_processes_and_servers(postgres_url: str, start: Start, tmp_path: Path) -> None:
    code = "import sys; from clew.server.host import serve; serve(sys.argv[1], port=int(sys.argv[2]), workers=2)"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    child = subprocess.Popen(
        [sys.executable, "-c", code, postgres_url, str(port)],
        cwd=tmp_path,
        env=dict(os.environ) | {"CLEW_SPOOL": str(tmp_path / "spool")},
        stderr=subprocess.PIPE,
        text=True,
    )

    def answering() -> bool:
        assert child.poll() is None, child.communicate()[1]
        try:
            return ask(HTTPConnection("127.0.0.1", port, timeout=20), "GET", NATIVE + "info")[0] == 200
        except (OSError, HTTPException):
            return False

    try:
        until(answering)
        beside = start(port=0, url=postgres_url)
        pids = set()

        def both() -> bool:
            pids.add(ask(HTTPConnection("127.0.0.1", port, timeout=20), "GET", NATIVE + "info")[1]["pid"])
            return len(pids) == 2

        until(both)
        assert beside.poll() is None
        child.terminate()
        _, said = child.communicate(timeout=PATIENCE_S)
        assert child.returncode == 0, said
        assert f"http://127.0.0.1:{port}" in said
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


# --- places -------------------------------------------------------------------------------------


def test_places_of_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    default = places("sqlite:///.clew/clew.db")
    assert default.url == f"sqlite:///{tmp_path}/.clew/clew.db"
    assert default.folder == f"{tmp_path}/.clew"
    assert default.socket == socket_path(f"{tmp_path}/.clew")
    assert places("sqlite:///x.db").folder == f"{tmp_path}/x.db.clew"
    assert places(f"sqlite:///{tmp_path}/x.db") == places("sqlite:///x.db")
    remote = places("postgresql://u:p@h/d", spool=str(tmp_path / "clew" / "spool"))
    assert os.path.dirname(remote.folder) == f"{tmp_path}/clew/hosts"
    assert "u:p" not in remote.folder


def test_long_socket_paths_move_to_the_temporary_folder(tmp_path: Path) -> None:
    long = places(f"sqlite:///{tmp_path}/{'x' * 90}.db")
    assert len(long.socket) <= 100
    assert long.socket.endswith(".sock")
    assert not long.socket.startswith(str(tmp_path / "x"))


def test_a_host_with_a_long_path_answers(start: Start, tmp_path: Path) -> None:
    where = places(f"sqlite:///{tmp_path}/{'y' * 90}.db")
    child = start(url=where.url)
    ready(where, child)
    assert call(where, "GET", NATIVE + "info")["pid"] == child.pid


def test_host_json_of_another_kind_is_no_host(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"pid": "x"}', "nonsense"):
        (tmp_path / "host.json").write_text(text)
        assert read_info(str(tmp_path / "host.json")) is None
    assert not answers(str(tmp_path / "none.sock"))


def test_a_lock_without_a_host_is_explained(where: Places) -> None:
    from clew.errors import Unavailable
    from clew.server.host import take_lock

    os.makedirs(where.folder)
    held, wanted = (os.open(where.lock, os.O_RDWR | os.O_CREAT) for _ in range(2))
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match=r"host\.lock is held by another process"):
            take_lock(wanted, where, on_demand=False, wait_s=0.1)
    finally:
        os.close(held)
        os.close(wanted)
