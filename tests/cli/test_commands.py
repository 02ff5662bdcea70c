"""The command as a whole: help, version, exit codes, stores that are not there."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from clew.cli.main import COMMANDS

Clew = Callable[..., Result]
Run = Callable[..., subprocess.CompletedProcess[str]]


def test_help_names_every_command(clew: Clew) -> None:
    result = clew("--help")
    assert result.exit_code == 0
    for name, (_, line) in COMMANDS.items():
        assert name in result.stdout
        assert line in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_starts_with_its_line(clew: Clew, name: str) -> None:
    result = clew(name, "--help")
    assert result.exit_code == 0
    assert COMMANDS[name][1].rstrip(".") in " ".join(result.stdout.split())


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from clew.cli.main import cli\n"
        "cli(['--help'], standalone_mode=False)\n"
        "print(sorted({'numpy', 'uvicorn', 'rich', 'msgspec', 'apsw', 'pandas', 'clew.server'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version(clew: Clew) -> None:
    assert clew("--version").stdout.startswith("clew ")


def test_an_unknown_command_is_a_usage_error(clew: Clew) -> None:
    result = clew("rnus")
    assert result.exit_code == 2
    assert "rnus" in result.stderr


@pytest.mark.parametrize(
    "args", [("runs", "list"), ("runs", "show", "a" * 32), ("experiments", "list"), ("doctor",)], ids=" ".join
)
def test_an_unreachable_server_is_one_line(clew_process: Run, args: tuple[str, ...]) -> None:
    done = clew_process(*args, "--tracking-uri", "http://127.0.0.1:1")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "127.0.0.1:1" in done.stderr + done.stdout
    assert "does not answer" in done.stderr + done.stdout


@pytest.mark.parametrize("args", [("runs", "list"), ("runs", "show", "a" * 32), ("experiments", "list")], ids=" ".join)
def test_looking_creates_no_store(clew: Clew, args: tuple[str, ...]) -> None:
    result = clew(*args)
    assert result.exit_code == 1
    assert "no folder .clew" in result.stderr
    assert not Path(".clew").exists()


@pytest.mark.parametrize("uri", ["elsewhere", "sqlite:///elsewhere.db"])
def test_looking_creates_no_store_where_one_is_named(clew: Clew, uri: str) -> None:
    result = clew("runs", "list", "--tracking-uri", uri)
    assert result.exit_code == 1
    assert "There is no store at" in result.stderr
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("uri", ["ftp://x/y", "sqlite://", "http://"])
def test_a_tracking_uri_of_no_kind_is_named(clew: Clew, uri: str) -> None:
    result = clew("runs", "list", "--tracking-uri", uri)
    assert result.exit_code == 1
    assert uri in result.stderr


def test_a_table_in_a_pipe_is_never_folded(clew_process: Run, server: str) -> None:
    done = clew_process("runs", "list", "--tracking-uri", server, COLUMNS="20")
    assert max(map(len, done.stdout.splitlines())) > 60


def test_doctor_says_what_is_there(clew: Clew, server: str, tmp_path: Path) -> None:
    found = json.loads(clew("doctor", "--tracking-uri", server, "--json").stdout)
    assert list(found) == ["versions", "store", "spool", "ui_built", "disk", "problems"]
    assert found["store"]["reachable"] is True
    assert found["store"]["product"].startswith("Clew ")
    assert found["spool"] == {"folder": str(tmp_path / "state" / "spool"), "targets": []}


def test_doctor_creates_nothing(clew: Clew, tmp_path: Path) -> None:
    result = clew("doctor", "--json")
    assert result.exit_code == 0, result.stdout
    assert json.loads(result.stdout)["store"]["exists"] is False
    assert not Path(".clew").exists()
    assert not (tmp_path / "state").exists()


@pytest.mark.slow
def test_a_database_that_is_away_is_one_line_without_the_password(clew: Clew) -> None:
    result = clew("runs", "list", "--tracking-uri", "postgresql://me:secret@127.0.0.1:1/none")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert "127.0.0.1" in line
    assert "refused" in line
    assert "secret" not in line


def test_a_database_of_mlflow_is_named_with_the_way_in(clew: Clew, tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as database, database:
        for table in ("alembic_version", "experiments", "runs", "latest_metrics", "metrics", "params", "tags"):
            database.execute(f"CREATE TABLE {table} (key TEXT)")
    result = clew("runs", "list", "--tracking-uri", f"sqlite:///{path}")
    assert result.exit_code == 1
    assert "MLflow database" in result.stderr
    assert "clew import" in result.stderr


@pytest.mark.parametrize(
    ("tables", "owner"),
    [
        (("alembic_version", "experiments", "runs"), "MLflow's"),
        (("alembic_version",), "another program's"),
        (("migration",), "another program's"),
        (("cats",), "another program's"),
    ],
)
def test_doctor_names_a_database_that_is_not_ours_and_leaves_it_alone(
    clew: Clew, tmp_path: Path, tables: tuple[str, ...], owner: str
) -> None:
    path = tmp_path / "here" / "other.db"
    with closing(sqlite3.connect(path)) as database, database:
        for table in tables:
            database.execute(f"CREATE TABLE {table} (key TEXT)")
    result = clew("doctor", "--tracking-uri", f"sqlite:///{path}", "--json")
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)["problems"]
    assert owner in problem
    assert all(table in problem for table in tables)
    assert [p.name for p in path.parent.iterdir()] == ["other.db"]


def test_doctor_names_a_file_that_is_no_database(clew: Clew, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, though long enough to have a header of its own\n" * 20)
    result = clew("doctor", "--tracking-uri", f"sqlite:///{path}")
    assert result.exit_code == 1
    assert "is no SQLite database" in result.stdout


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_doctor_names_a_database_that_is_away_without_the_password(clew: Clew, form: tuple[str, ...]) -> None:
    result = clew("doctor", "--tracking-uri", "postgresql://me:secret@127.0.0.1:1/none", *form)
    assert result.exit_code == 1
    assert "me@127.0.0.1:1/none does not let us in" in result.stdout
    assert "secret" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CLEW_HOST_IDLE_S", "soon", "a number of seconds"),
        ("CLEW_LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("CLEW_SHIPPER", "pigeon", "process, thread"),
    ],
)
@pytest.mark.parametrize("args", [("doctor",), ("sync",), ("server", "--port", "0")], ids=" ".join)
def test_a_setting_that_cannot_be_is_named(
    clew: Clew, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], name: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(name, value)
    result = clew(*args)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert name in line
    assert expected in line


def test_doctor_finds_the_disk_of_a_relative_spool(clew: Clew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_SPOOL", "not/made/yet")
    assert json.loads(clew("doctor", "--json").stdout)["disk"]["not/made/yet"] > 0
