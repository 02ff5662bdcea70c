"""A server and an embedded store that the examples log to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hosts import stop_host
from interop.conftest import clean_environ, free_port, running

Environ = dict[str, str]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``clew server``."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    command = [sys.executable, "-m", "clew", "server", "--port", str(port), "--backend-store-uri", "sqlite:///clew.db"]
    with running(command, port, folder) as url:
        yield url


@pytest.fixture(params=["server", "embedded"])
def environ(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Environ]:
    """Where an example logs to: a server, or the store of the folder it runs in."""
    if request.param == "server":
        yield clean_environ(tmp_path, CLEW_TRACKING_URI=request.getfixturevalue("server"))
    else:
        store = f"sqlite:///{tmp_path / 'clew.db'}"
        yield clean_environ(tmp_path, CLEW_TRACKING_URI=store)
        stop_host(store)
