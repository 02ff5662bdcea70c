"""One embedded store for the folder, a fresh experiment for each test, and autologging that is off again after it."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import clew
from clew.client import host
from clew.client.link import forget_links
from clew.client.session import session
from clew.entities.experiment import Experiment
from clew.entities.run import Run
from clew.integrations import guard, options, switch

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def store_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of an embedded store; its host ends with the session."""
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEW_SPOOL", str(folder / "spool"))
        patch.setenv("CLEW_SNAPSHOT", "0")
        patch.setenv("CLEW_SHIPPER", "thread")
        patch.setenv("CLEW_HOST_IDLE_S", "120")
        yield f"sqlite:///{folder / '.clew' / 'clew.db'}"
        forget_links()
        _end_host(folder / ".clew" / "host.json")


def _end_host(note: Path) -> None:
    if not note.exists():
        return
    pid = json.loads(note.read_text())["pid"]
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    for child in host._children:
        if child.pid == pid:  # the others belong to other folders' stores, which end them
            child.wait(20)


@pytest.fixture
def experiment(store_uri: str) -> Iterator[Experiment]:
    """The experiment that this test's runs go to."""
    clew.set_tracking_uri(store_uri)
    yield clew.set_experiment(f"test-{next(_numbers)}")
    while clew.active_run() is not None:
        clew.end_run()
    for integration in switch._INTEGRATIONS.values():
        integration.uninstall()
    options.clear()
    guard.reported().clear()
    session.tracking_uri = session.experiment_id = session.experiment_name = None


@pytest.fixture
def runs(experiment: Experiment) -> Callable[[], list[Run]]:
    """All runs of the test's experiment, the oldest first."""

    def search() -> list[Run]:
        found = clew.search_runs([experiment.experiment_id], output_format="list")
        assert isinstance(found, list)
        return sorted(found, key=lambda run: run.info.start_time)

    return search
