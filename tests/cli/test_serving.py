"""``clew server`` and ``clew ui``: what they serve, and what they say when they cannot."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

Process = subprocess.CompletedProcess[str]
Run = Callable[..., Process]
Start = Callable[..., subprocess.Popen[str]]


def refused(done: Process, *words: str) -> None:
    """The command said why in one line and ended with code 1."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    (line,) = [text for text in done.stderr.splitlines() if text.startswith("Error: ")]
    for word in words:
        assert word in line


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def test_server_serves_a_new_sqlite_store(start_serving: Start, port: int, tmp_path: Path) -> None:
    start_serving(tmp_path, port, "server", "--port", str(port), "--backend-store-uri", "sqlite:///new.db")
    assert get(f"http://127.0.0.1:{port}/health") == "OK"
    assert json.loads(get(f"http://127.0.0.1:{port}/api/clew/v1/info"))["store"] == "sqlite"
    assert (tmp_path / "new.db").exists()


def test_server_without_a_store_uses_the_embedded_one(start_serving: Start, port: int, tmp_path: Path) -> None:
    start_serving(tmp_path, port, "server", "--port", str(port))
    assert (tmp_path / ".clew" / "clew.db").exists()


def test_static_prefix_moves_everything(start_serving: Start, port: int, tmp_path: Path) -> None:
    start_serving(tmp_path, port, "server", "--port", str(port), "--static-prefix", "/tracking")
    assert get(f"http://127.0.0.1:{port}/tracking/api/clew/v1/info")


def test_default_artifact_root_is_the_prefix_of_locations(start_serving: Start, port: int, tmp_path: Path) -> None:
    root = tmp_path / "files"
    start_serving(tmp_path, port, "server", "--port", str(port), "--default-artifact-root", str(root))
    at = f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/get?experiment_id=0"
    assert str(root) in json.loads(get(at))["experiment"]["artifact_location"]


def test_many_workers_get_a_line_that_one_serves(start_serving: Start, port: int, tmp_path: Path) -> None:
    process = start_serving(tmp_path, port, "server", "--port", str(port), "--workers", "4")
    process.send_signal(signal.SIGTERM)
    assert "one process" in process.communicate(timeout=15)[0]


def test_ctrl_c_ends_quietly(start_serving: Start, port: int, tmp_path: Path) -> None:
    process = start_serving(tmp_path, port, "ui", "--port", str(port))
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=15)[0]
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "Aborted" not in said


def test_a_taken_port_is_named_with_its_holder(clew_process: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = clew_process("server", "--port", str(port))
    refused(done, str(port), "--port")
    if os.path.exists("/proc/self"):
        assert str(os.getpid()) in done.stderr


def test_the_port_of_another_clew_server_is_named_as_such(clew_process: Run, server: str) -> None:
    refused(clew_process("server", "--port", server.rpartition(":")[2]), "a Clew server")


def test_ui_takes_the_next_free_port(start_serving: Start, port: int, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", port)):
        process = start_serving_on_next(start_serving, tmp_path, port)
    process.send_signal(signal.SIGTERM)
    assert f"http://127.0.0.1:{port + 1}" in process.communicate(timeout=15)[0]


def start_serving_on_next(start_serving: Start, folder: Path, port: int) -> subprocess.Popen[str]:
    return start_serving(folder, port + 1, "ui", "--port", str(port))


def test_a_second_server_on_one_store_is_refused(
    start_serving: Start, clew_process: Run, port: int, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/one.db"
    process = start_serving(tmp_path, port, "server", "--port", str(port), "--backend-store-uri", store)
    refused(clew_process("server", "--port", "0", "--backend-store-uri", store), str(process.pid), str(port))


def test_a_file_that_is_no_database_is_refused(clew_process: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("dear diary " * 1000)
    refused(clew_process("server", "--port", "0", "--backend-store-uri", f"sqlite:///{tmp_path}/notes.db"), "notes.db")


def test_a_foreign_database_is_refused_and_left_alone(clew_process: Run, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE customer (name TEXT)")
    before = path.read_bytes()
    refused(clew_process("server", "--port", "0", "--backend-store-uri", f"sqlite:///{path}"), "shop.db")
    assert path.read_bytes() == before


def test_a_database_of_mlflow_is_refused_with_the_way_in(clew_process: Run, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        for table in ("experiments", "runs", "latest_metrics", "metrics", "params", "tags"):
            database.execute(f"CREATE TABLE {table} (key TEXT)")
    refused(clew_process("server", "--port", "0", "--backend-store-uri", f"sqlite:///{path}"), "MLflow", "clew import")


def test_a_folder_of_mlflow_is_refused_with_the_way_in(clew_process: Run, tmp_path: Path) -> None:
    (tmp_path / "mlruns" / "0").mkdir(parents=True)
    (tmp_path / "mlruns" / "0" / "meta.yaml").write_text("name: Default\n")
    refused(clew_process("server", "--port", "0", "--backend-store-uri", str(tmp_path / "mlruns")), "MLflow", "import")


@pytest.mark.skipif(os.geteuid() == 0, reason="an administrator may write everywhere")
def test_a_read_only_folder_is_refused_by_permission(clew_process: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    refused(clew_process("server", "--port", "0", "--backend-store-uri", f"sqlite:///{tmp_path}/x.db"), str(tmp_path))
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("command", [["server", "--backend-store-uri"], ["ui", "--store"]])
def test_a_folder_that_cannot_be_made_is_refused(clew_process: Run, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").write_text("")
    refused(clew_process(*command, f"sqlite:///{tmp_path}/file/x.db", "--port", "0"), "file")


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("mysql://u@h/d", ["mysql", "sqlite", "postgresql"]),
        ("sqlite://", ["sqlite:///"]),
        ("http://127.0.0.1:5000", ["http://127.0.0.1:5000"]),
        ("postgresql://nobody@127.0.0.1:1/none", ["127.0.0.1"]),
    ],
)
def test_a_store_that_cannot_be_is_refused(clew_process: Run, uri: str, words: list[str]) -> None:
    refused(clew_process("server", "--port", "0", "--backend-store-uri", uri), *words)


def test_a_password_is_never_shown(clew_process: Run) -> None:
    done = clew_process("server", "--port", "0", "--backend-store-uri", "postgresql://me:secret@127.0.0.1:1/none")
    refused(done, "127.0.0.1")
    assert "secret" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("args", "code", "word"),
    [
        (["--host", "203.0.113.7"], 1, "203.0.113.7"),
        (["--host", "no such host"], 1, "no such host"),
        (["--port", "70000"], 2, "70000"),
        (["--port", "five"], 2, "five"),
        (["--workers", "0"], 2, "workers"),
    ],
)
def test_wrong_arguments_are_named(clew_process: Run, args: list[str], code: int, word: str) -> None:
    done = clew_process("server", *args)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert word in done.stderr


@pytest.mark.slow
def test_a_database_that_another_program_locks_is_named_busy(
    start_serving: Start, clew_process: Run, port: int, tmp_path: Path
) -> None:
    store = f"sqlite:///{tmp_path}/busy.db"
    process = start_serving(tmp_path, port, "server", "--port", str(port), "--backend-store-uri", store)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=15)
    with closing(sqlite3.connect(tmp_path / "busy.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        refused(clew_process("server", "--port", "0", "--backend-store-uri", store), "busy")


def test_a_log_for_machines_is_one_json_object_per_line(start_serving: Start, port: int, tmp_path: Path) -> None:
    process = start_serving(tmp_path, port, "server", "--port", str(port), "--log-format", "json")
    get(f"http://127.0.0.1:{port}/health")
    process.send_signal(signal.SIGTERM)
    lines = [json.loads(line) for line in process.communicate(timeout=15)[0].splitlines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert str(port) in lines[0]["message"]
    assert {"method": "GET", "path": "/health", "status": 200}.items() <= lines[1].items()
    assert "ended" in lines[-1]["message"]


def test_a_log_without_requests_says_nothing_while_all_is_well(start_serving: Start, port: int, tmp_path: Path) -> None:
    options = ("--no-access-log", "--log-level", "warning", "--log-format", "json")
    process = start_serving(tmp_path, port, "server", "--port", str(port), *options)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=15)[0] == ""
