"""Servers of both kinds, one of each per session, on free loopback ports and ended by pid."""

from __future__ import annotations

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

from interop.wire import Wire

ROOT = Path(__file__).resolve().parents[2]
PEER_PYTHON = ROOT / ".venv-mlflow" / "bin" / "python"
SCRIPTS = Path(__file__).with_name("scripts")
START_S = 120.0
STOP_S = 15.0


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environ(home: Path, **more: str) -> dict[str, str]:
    """The environment without anybody's tracking settings, with ``home`` as the user's folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CLEW_", "MLFLOW_", "PYTEST_"))}
    kept.pop("XDG_STATE_HOME", None)
    return (
        kept
        | {"HOME": str(home), "NO_PROXY": "127.0.0.1", "CLEW_SPOOL": str(home / "spool"), "CLEW_SNAPSHOT": "0"}
        | more
    )


@contextmanager
def running(command: list[str], port: int, folder: Path, **environ: str) -> Iterator[str]:
    """The base URL of the server that ``command`` starts, answering ``/health`` inside the block."""
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=clean_environ(folder, **environ),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_health(process, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        _end(process)


def _await_health(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    raise AssertionError(f"the server did not come up:\n{log.read_text(errors='replace')[-4000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    # The group is the server's own (start_new_session), so its workers end with it.
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOP_S)
    except ProcessLookupError:
        pass
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_S)


@pytest.fixture(scope="session")
def peer_python() -> Path:
    """Python of the environment that has MLflow."""
    if not PEER_PYTHON.exists():
        pytest.skip("the peer environment .venv-mlflow is missing: run `make peer`")
    return PEER_PYTHON


@pytest.fixture(scope="session")
def mlflow_server(peer_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MLflow server on SQLite, one worker."""
    folder = tmp_path_factory.mktemp("mlflow-server")
    port = free_port()
    command = [
        *(str(peer_python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", "sqlite:///mlflow.db", "--artifacts-destination", str(folder / "artifacts")),
    ]
    with running(command, port, folder, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false") as url:
        yield url


@pytest.fixture(scope="session")
def clew_server_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``clew server`` on SQLite."""
    folder = tmp_path_factory.mktemp("clew-sqlite")
    yield from _clew_server(folder, "sqlite:///clew.db")


@pytest.fixture(scope="session")
def clew_server_postgresql(postgres_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``clew server`` on an empty PostgreSQL database."""
    folder = tmp_path_factory.mktemp("clew-postgresql")
    database = postgres_server.new_database("template1")
    yield from _clew_server(folder, postgres_server.url(database))
    postgres_server.drop(database)


@pytest.fixture
def clew_server_s3(s3_bucket: str, tmp_path: Path) -> Iterator[str]:
    """``clew server`` that keeps its files in S3."""
    clouds = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    yield from _clew_server(tmp_path / "clew-s3", "sqlite:///clew.db", s3_bucket + "/team", **clouds)


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def clew_server(request: pytest.FixtureRequest) -> str:
    """``clew server`` on each database in turn."""
    return str(request.getfixturevalue(f"clew_server_{request.param}"))


def _clew_server(folder: Path, store: str, artifacts: str = "", **environ: str) -> Iterator[str]:
    folder.mkdir(exist_ok=True)
    port = free_port()
    command = [
        *(sys.executable, "-m", "clew", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", store, "--artifacts-destination", artifacts or str(folder / "artifacts")),
    ]
    with running(command, port, folder, **environ) as url:
        yield url


@pytest.fixture
def run_script(tmp_path: Path) -> Callable[[str | Path, str, str], str]:
    """Runs ``scripts/<name>.py`` with a given Python against a URL; its own asserts decide. Returns its output."""
    return script_runner(tmp_path)


def script_runner(folder: Path) -> Callable[[str | Path, str, str], str]:
    """What ``run_script`` gives, working in a folder."""

    def run(python: str | Path, name: str, url: str) -> str:
        environ = clean_environ(
            folder, MLFLOW_TRACKING_URI=url, MLFLOW_HTTP_REQUEST_MAX_RETRIES="0", GIT_PYTHON_REFRESH="quiet"
        )
        done = subprocess.run(
            [str(python), "-W", "ignore", str(SCRIPTS / f"{name}.py")],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        said = f"{name} against {url}\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}"
        assert done.returncode == 0, said
        assert done.stdout.strip().endswith("ok"), said
        return done.stdout

    return run


@pytest.fixture(
    params=[
        "clew_server_sqlite",
        pytest.param("clew_server_postgresql", marks=pytest.mark.postgres),
        pytest.param("mlflow_server", marks=pytest.mark.slow),
    ]
)
def wire(request: pytest.FixtureRequest) -> Wire:
    """Each server in turn, MLflow's own among them, asked without a client."""
    return Wire(request.getfixturevalue(request.param), clew=request.param != "mlflow_server")
