"""``import clew`` costs nothing but the standard library; the shipper needs nothing else at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

import clew
from clew.client.host import python_module

HEAVY = {
    "numpy",
    "pandas",
    "msgspec",
    "starlette",
    "apsw",
    "sqlite3",
    "sklearn",
    "http.client",
    "logging",
    "subprocess",
}


def modules_after(code: str) -> set[str]:
    """Modules that a fresh interpreter has loaded after ``code``, without what it begins with."""
    program = f"import sys; before = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_import_clew_loads_the_standard_library_only() -> None:
    loaded = modules_after("import clew")
    assert len(loaded) <= 20
    assert not loaded & HEAVY
    assert {name.partition(".")[0] for name in loaded} <= set(sys.stdlib_module_names) | {"clew"}


def test_the_journal_loads_the_standard_library_only() -> None:
    loaded = modules_after("import clew.client.journal")
    assert len(loaded) <= 60
    assert {name.partition(".")[0] for name in loaded} <= set(sys.stdlib_module_names) | {"clew"}


def test_the_shipper_runs_without_site_packages() -> None:
    done = subprocess.run(python_module("clew.client.shipper", bare=True), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (2, "usage: python -m clew.client.shipper TARGET_FOLDER\n")
    loaded = modules_after("import clew.client.shipper, clew.client.mlflow_target")
    assert {name.partition(".")[0] for name in loaded} <= set(sys.stdlib_module_names) | {"clew"}


def test_logging_loads_neither_numpy_nor_pandas(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    loaded = modules_after("import clew\nwith clew.start_run(): clew.log_metric('x', 1.0)")
    assert not loaded & {"numpy", "pandas", "starlette", "apsw", "uvicorn", "yaml"}


def test_a_run_without_a_server_needs_no_http_and_few_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_OFFLINE", "1")
    monkeypatch.setenv("CLEW_SNAPSHOT", "0")
    loaded = modules_after("import clew\nrun = clew.start_run()\nclew.log_metric('x', 1.0)")
    assert not loaded & {"http.client", "ssl", "email", "subprocess", "clew.wire.routes", "clew.client.api"}
    assert len(loaded) <= 160


def test_the_public_face_is_complete() -> None:
    for name in clew.__all__:
        assert getattr(clew, name) is not None
    assert set(dir(clew)) == set(clew.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        clew.nothing  # noqa: B018
    assert clew.MlflowClient is clew.tracking.MlflowClient is clew.ClewClient
