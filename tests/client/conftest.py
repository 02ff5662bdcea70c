"""A session of its own for every test: spool, folder, settings; nothing of it outlives the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import clew
from clew.client import link as links
from clew.client import notice, uihost
from clew.client.active import place_var
from clew.client.session import Session, session
from hosts import stop_host


@pytest.fixture(autouse=True)
def own_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder as working directory, with a spool in it; the settings of the machine do not count."""
    for name in list(os.environ):
        if name.startswith(("CLEW_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CLEW_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("CLEW_HOST_IDLE_S", "2")
    monkeypatch.setenv("CLEW_SNAPSHOT", "0")  # tests look at what they log themselves
    monkeypatch.chdir(tmp_path)
    notice._told.clear()
    clear_session()
    yield tmp_path
    clear_session()


def clear_session() -> None:
    """As if the process had just begun."""
    links.forget_links()
    place_var.set(None)
    session._set_stack(())
    session.set_model(None)
    vars(session).update(vars(Session()))


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URI of an embedded store, chosen as tracking URI; its host ends with the test."""
    folder = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{folder}/s.db"
    monkeypatch.setenv("CLEW_TRACKING_URI", uri)
    yield uri
    clear_session()
    stop_host(uri)


@pytest.fixture(autouse=True)
def no_ui_stays() -> Iterator[None]:
    """What ``clew.ui()`` serves ends with the test."""
    yield
    for served in uihost._served.values():
        served.stop()
    uihost._served.clear()


@pytest.fixture
def acting(store: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], clew.ClewClient]:
    """Makes everything that follows the deed of the person who is named."""

    def act(name: str) -> clew.ClewClient:
        links.forget_links()
        monkeypatch.setenv("LOGNAME", name)
        return clew.ClewClient()

    return act
