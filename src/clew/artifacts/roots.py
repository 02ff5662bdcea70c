"""Which store lies behind an address: one place to add object stores to."""

from __future__ import annotations

from clew.artifacts import uri as uris
from clew.artifacts.local import LocalStore
from clew.artifacts.store import ArtifactStore


def open_root(uri: str) -> ArtifactStore:
    """The store at ``uri``: a plain folder or a ``file:`` address.

    Raises:
        NotSupported: another scheme.
    """
    folder = uris.local_path(uri)
    if folder is None:
        raise uris.unsupported(uri)
    return LocalStore(folder)
