"""One server per database for all requests of a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.artifacts.local import LocalStore
from clew.server.app import App
from clew.server.context import Site
from clew.storage.store import Store
from fuzz.world import World
from server.conftest import Tracker


@pytest.fixture
def world(store: Store, tmp_path: Path) -> Iterator[World]:
    """A server on each database, with something of everything in it."""
    tracker = Tracker(App(Site(store, LocalStore(str(tmp_path / "artifacts")))))
    made = World(tracker)
    yield made
    made.close()
    tracker.close()
