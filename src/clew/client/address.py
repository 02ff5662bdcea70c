"""The fluent functions on where things go: the servers or stores of runs and of registered models."""

from __future__ import annotations

import os

from clew.client.session import current_uri, session
from clew.settings import read as read_settings


def set_tracking_uri(uri: str | os.PathLike[str]) -> None:
    """Choose the server or store for everything that begins from now on.

    uri: ``http(s)://…``, ``sqlite:///file.db``, ``postgresql://…``, a folder, or "" for the settings' choice.
    """
    session.tracking_uri = os.fspath(uri) or None
    session.experiment_id = session.experiment_name = None


def get_tracking_uri() -> str:
    """The tracking URI in use, in full form."""
    return session.link.uri


def is_tracking_uri_set() -> bool:
    """Whether a call or the environment chose a tracking URI."""
    return current_uri() is not None


def set_registry_uri(uri: str | os.PathLike[str]) -> None:
    """Choose the server or store of registered models; "" is that of the runs."""
    session.registry_uri = os.fspath(uri) or None


def get_registry_uri() -> str:
    """The address of registered models: as set by call or environment, else that of the runs."""
    return session.registry_uri or read_settings().registry_uri or get_tracking_uri()


def flush() -> bool:
    """Wait until the server has what this process logged; False when it has not within the time."""
    return session.link.flush()
