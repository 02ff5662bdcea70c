"""Which store lies behind an address."""

from __future__ import annotations

from clew.artifacts import uri as uris
from clew.artifacts.local import LocalStore
from clew.artifacts.store import ArtifactStore


def open_root(uri: str) -> ArtifactStore:
    """The store at ``uri``: a plain folder, a ``file:`` address, or a place in an object store.

    Raises:
        NotSupported: another scheme. InvalidValue: no bucket is named. Unavailable: a setting is missing.
    """
    folder = uris.local_path(uri)
    if folder is not None:
        return LocalStore(folder)
    if uris.scheme_of(uri) in uris.BUCKETS:
        from clew.artifacts.buckets import open_bucket  # obstore loads only where it is used

        return open_bucket(uri)
    raise uris.unsupported(uri)


def locate(uri: str) -> tuple[ArtifactStore, str]:
    """A store and the path in it that ``uri`` names; all places in one bucket share a store.

    Raises:
        NotSupported, InvalidValue, Unavailable: as ``open_root``.
    """
    if uris.scheme_of(uri) in uris.BUCKETS:
        from clew.artifacts.buckets import split_bucket, whole_bucket

        bucket, path = split_bucket(uri)
        return whole_bucket(bucket), path
    return open_root(uri), ""
