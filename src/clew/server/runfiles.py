"""The files of a run or a logged model: where they lie, and how the models of a run appear among its own files.

MLflow keeps a logged model apart from its run since 3.0. Clients and pages from before look for it under its name
among the run's files, so a run's listing shows it there. What the run itself stored under that name comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from clew.artifacts.store import ArtifactStore, Entry
from clew.artifacts.uri import check_path, join, proxied_path
from clew.errors import InvalidValue, NotFound
from clew.server.context import Site
from clew.server.records import sha256_of_entries
from clew.storage import models, runs
from clew.storage.engine import Tx

_IN_RUN = re.compile(r"(?P<root>(?:.*/)?(?P<run_id>[0-9a-f]{32})/artifacts)(?:/(?P<path>.*))?")
_MERGES_ITSELF = re.compile(rb"mlflow-python-client/(?:[3-9]|[1-9][0-9]+)\.")


class Root(NamedTuple):
    """Where files lie. uri: their location. models: location of the newest logged model of each name."""

    uri: str
    models: Mapping[str, str] = {}


class Place(NamedTuple):
    """A path in an artifact store. mounted: it belongs to a logged model, not to the run itself."""

    store: ArtifactStore
    path: str
    mounted: bool = False


def root_of(site: Site, run_id: str | None, model_id: str | None) -> Root:
    """Where the files of a run or logged model lie.

    Raises:
        InvalidValue: neither or both are named. NotFound: there is no such run or model.
    """
    if run_id and model_id:
        raise InvalidValue("Exactly one of run_id and model_id must be given.")
    if model_id:
        return Root(site.store.read(lambda tx: models.get_model(tx, model_id)).artifact_location)
    if not run_id:
        raise InvalidValue("Missing value for required parameter 'run_id'.")
    return site.store.read(lambda tx: _of_run(tx, run_id))


def proxied_root(site: Site, path: str, client: bytes) -> tuple[Root, str] | None:
    """The run whose files a path of ``mlflow-artifacts:`` lies among, and the rest of the path; None for no run's.

    client: the User-Agent. MLflow's Python client from 3.0 on adds the models by itself, so it is shown none.
    """
    inside = _IN_RUN.fullmatch(path.rstrip("/"))
    if inside is None or _MERGES_ITSELF.match(client):
        return None
    try:
        root = root_of(site, inside["run_id"], None)
    except NotFound:
        return None
    return (root, inside["path"] or "") if proxied_path(root.uri) == inside["root"] else None


def own_place(site: Site, root: Root, path: str) -> Place:
    """Where ``path`` lies among the files of the run or logged model itself.

    Raises:
        InvalidValue: the path leads elsewhere. NotSupported, Denied: the location cannot be read from here.
    """
    store, prefix = site.artifact_place(root.uri)
    return Place(store, join(prefix, check_path(path)).lstrip("/"))


def places(site: Site, root: Root, path: str) -> Iterator[Place]:
    """Where ``path`` may lie: among the own files, then in the model whose name it begins with.

    Raises:
        InvalidValue: the path leads elsewhere. NotSupported, Denied: the location cannot be read from here.
    """
    yield own_place(site, root, path)
    name, _, rest = check_path(path).partition("/")
    if name in root.models:
        yield own_place(site, Root(root.models[name]), rest)._replace(mounted=True)


def find(site: Site, root: Root, path: str) -> Place:
    """The first place of ``path`` where something lies; the own one if nothing does."""
    first: Place | None = None
    for place in places(site, root, path):
        first = first or place
        if place.store.stat(place.path) is not None:
            return place
    assert first is not None
    return first


def entries(site: Site, root: Root, path: str) -> list[tuple[Entry, str | None]]:
    """What lies directly in a folder, by name, each with its SHA-256 (hex) where it is known."""
    found: dict[str, tuple[Entry, str | None]] = {}
    for place in places(site, root, path):
        listed = place.store.entries(place.path)
        sums = sha256_of_entries(site, place.store, place.path, listed)
        for entry, sha256 in zip(listed, sums, strict=True):
            found.setdefault(entry.name, (entry, sha256))
    if not check_path(path):
        for name in root.models:
            found.setdefault(name, (Entry(name=name, is_dir=True), None))
    return [found[name] for name in sorted(found)]


def folders(site: Site, root: Root, path: str) -> list[tuple[str, Place]]:
    """(prefix of the names inside, folder) of all that lies below ``path``, for an archive; the own files first."""
    below = [("", place) for place in places(site, root, path)]
    if not check_path(path):
        below += [(f"{name}/", own_place(site, Root(uri), "")) for name, uri in root.models.items()]
    return below


def _of_run(tx: Tx, run_id: str) -> Root:
    return Root(runs.get_run(tx, run_id).info.artifact_uri, models.locations_of_run(tx, run_id))
