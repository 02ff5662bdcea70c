"""A Clew server for the clients in other languages."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from clients.rscript import PACKAGE, Rscript, require_r
from interop.conftest import free_port, mlflow_server, peer_python, running

__all__ = ["mlflow_server", "peer_python"]  # fixtures are found by their names here


@pytest.fixture(scope="session")
def clew_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``clew server`` on SQLite."""
    folder, port = tmp_path_factory.mktemp("clients"), free_port()
    command = [sys.executable, "-m", "clew", "server", "--port", str(port), "--backend-store-uri", "sqlite:///clew.db"]
    with running(command, port, folder) as url:
        yield url


@pytest.fixture(scope="session")
def r(clew_url: str, tmp_path_factory: pytest.TempPathFactory) -> Rscript:
    """R that knows the package and a server."""
    require_r()
    r = Rscript(tmp_path_factory.mktemp("r"), clew_url)
    (r.folder / "library").mkdir()
    r.command("R", "CMD", "INSTALL", f"--library={r.folder / 'library'}", str(PACKAGE))
    return r
