"""A server with known runs, and the command run in this process or in one of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from clew.cli.main import cli

START_S = 60.0
RUN_IDS = {"a": "aaaa" + "1" * 28, "b": "bbbb" + "2" * 28, "c": "bbbb" + "3" * 28}
START_MS = 1_700_000_000_000


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody's tracking settings, an empty folder and an empty spool."""
    for name in list(os.environ):
        if name.startswith(("CLEW_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CLEW_SPOOL", str(tmp_path / "state" / "spool"))
    monkeypatch.setenv("CLEW_SNAPSHOT", "0")
    monkeypatch.setenv("CLEW_HOST_IDLE_S", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "here").mkdir()
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))  # where other journals of this user may lie
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def clew() -> Callable[..., Result]:
    """The command, in this process."""

    def run(*args: str) -> Result:
        result = CliRunner().invoke(cli, args, prog_name="clew")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def clew_process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command, in a process of its own that is expected to end."""

    def run(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "clew", *args],
            env=dict(os.environ) | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether anything is answered there; under a prefix /health is elsewhere."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status > 0
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def serving(folder: Path, port: int, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A ``clew`` process that serves on ``port`` inside the block."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "clew", *args],
        cwd=folder,
        env=environ | {"CLEW_SPOOL": str(folder / "spool")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until = time.monotonic() + START_S
        while not answers(port):
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                raise AssertionError(process.communicate()[0])
            time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@pytest.fixture
def start_serving() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``clew`` processes that serve; they end with the test."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda folder, port, *args: stack.enter_context(serving(folder, port, *args))


@pytest.fixture
def port() -> int:
    """A loopback port that nothing listens on."""
    return free_port()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with the experiments ``wine`` (runs a, b) and ``other`` (run c)."""
    folder = tmp_path_factory.mktemp("cli-server")
    port = free_port()
    with serving(folder, port, "server", "--port", str(port), "--backend-store-uri", "sqlite:///clew.db"):
        _fill(port)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of another server, which tests may fill."""
    folder = tmp_path_factory.mktemp("cli-empty-server")
    port = free_port()
    with serving(folder, port, "server", "--port", str(port), "--backend-store-uri", "sqlite:///clew.db"):
        yield f"http://127.0.0.1:{port}"


def _fill(port: int) -> None:
    wine = _post(
        port, "/api/2.0/mlflow/experiments/create", {"name": "wine", "tags": [{"key": "team", "value": "red"}]}
    )
    other = _post(port, "/api/2.0/mlflow/experiments/create", {"name": "other"})
    homes = {"a": wine, "b": wine, "c": other}
    for number, (name, run_id) in enumerate(RUN_IDS.items()):
        start = {"run_id": run_id, "experiment_id": homes[name]["experiment_id"], "run_name": f"run-{name}"}
        _post(port, "/api/clew/v1/runs/start", start | {"user_id": "ann", "start_time": START_MS + 1000 * number})
        value = "NaN" if name == "b" else 0.25 * (number + 1)
        metric = {"key": "rmse", "value": value, "timestamp": START_MS, "step": 7}
        params = [{"key": "lr", "value": f"0.{number + 1}"}]
        tags = [{"key": "team", "value": "blue" if name == "a" else "green"}]
        _post(
            port,
            "/api/2.0/mlflow/runs/log-batch",
            {"run_id": run_id, "metrics": [metric], "params": params, "tags": tags},
        )
    end = {"run_id": RUN_IDS["a"], "status": "FINISHED", "end_time": START_MS + 65_000}
    _post(port, "/api/2.0/mlflow/runs/update", end)


def _post(port: int, path: str, body: dict[str, Any]) -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    assert answer.status == 200, text
    return dict(json.loads(text))
