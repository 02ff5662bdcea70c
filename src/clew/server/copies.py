"""Files of a run copied for its copy, inside the server's own store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from clew.artifacts import uri as uris
from clew.artifacts.store import ArtifactStore
from clew.server.context import Site
from clew.server.records import checksum_now
from clew.storage.files import Checksum

Copied = dict[str, Checksum]
"""Path of each copy in the server's store, and its checksum."""


def copy_files(site: Site, source_uri: str, target_uri: str) -> tuple[str, Copied]:
    """Where the files are after copying, ``target_uri``; and the files.

    Where one of both is not in the server's own store (``mlflow-artifacts:``), nothing is copied, and the files
    stay where they are: ``source_uri``. Links are left out.
    """
    source, target = uris.proxied_path(source_uri), uris.proxied_path(target_uri)
    if source is None or target is None:
        return source_uri, {}
    copied: Copied = {}
    try:
        for path in _files(site.artifacts, source, ""):
            place = uris.join(target, path)
            copied[place] = _copy(site.artifacts, uris.join(source, path), place)
    except BaseException:
        site.artifacts.delete(target)
        raise
    return target_uri, copied


def delete_files(site: Site, uri: str) -> None:
    """Remove the files of a copy that came to nothing."""
    path = uris.proxied_path(uri)
    if path:
        site.artifacts.delete(path)


def _files(store: ArtifactStore, root: str, folder: str) -> Iterator[str]:
    for item in store.entries(uris.join(root, folder)):
        path = f"{folder}/{item.name}" if folder else item.name
        if item.link:
            continue
        if item.is_dir:
            yield from _files(store, root, path)
        else:
            yield path


def _copy(store: ArtifactStore, source: str, target: str) -> Checksum:
    digest = hashlib.sha256()
    upload = store.create(target)
    try:
        for piece in store.read(source):
            digest.update(piece)
            upload.write(piece)
        stat = upload.commit()
    except BaseException:
        upload.abort()
        raise
    return checksum_now(digest.hexdigest(), stat)
