"""Calls that list the files of runs and logged models, MLflow's and Clew's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew.artifacts.store import ArtifactStore, Entry
from clew.artifacts.uri import check_path, join
from clew.entities.file import FileInfo
from clew.errors import InvalidValue
from clew.server.context import Site
from clew.server.records import sha256_of_entries
from clew.storage import models, runs
from clew.wire import artifacts as wire
from clew.wire import codec, convert, mlflow


def list_artifacts(site: Site, request: mlflow.ListArtifacts) -> mlflow.ListArtifactsResponse:
    """One folder of a run's files; every path is relative to the run's root."""
    return _mlflow(site, root_of(site, request.run_id, None), request.path or "")


def list_logged_model_artifacts(site: Site, request: mlflow.ListLoggedModelArtifacts) -> mlflow.ListArtifactsResponse:
    """One folder of a logged model's files."""
    return _mlflow(site, root_of(site, None, request.model_id), request.artifact_directory_path or "")


def list_files(site: Site, request: wire.ListFiles) -> wire.ListFilesResponse:
    """One folder of a run's or a logged model's files, with times and checksums."""
    root = root_of(site, request.run_id, request.model_id)
    place, folder, below = _find(site, root, request.path or "")
    entries = place.entries(folder)
    checksums = sha256_of_entries(site, place, folder, entries)
    files = [_file(below, entry, sha256) for entry, sha256 in zip(entries, checksums, strict=True)]
    return wire.ListFilesResponse(root_uri=root, files=files)


def listed(store: ArtifactStore, path: str) -> bytes:
    """MLflow's answer for one folder of the files that the server keeps: bare names."""
    files = [convert.file_message(_info("", entry)) for entry in store.entries(check_path(path))]
    return codec.encode_response(mlflow.ListArtifactsResponse(files=files))


def root_of(site: Site, run_id: str | None, model_id: str | None) -> str:
    """Where the files of a run or logged model lie.

    Raises:
        InvalidValue: neither or both are named. NotFound: there is no such run or model.
    """
    if run_id and model_id:
        raise InvalidValue("Exactly one of run_id and model_id must be given.")
    if model_id:
        return site.store.read(lambda tx: models.get_model(tx, model_id)).artifact_location
    if not run_id:
        raise InvalidValue("Missing value for required parameter 'run_id'.")
    return site.store.read(lambda tx: runs.get_run(tx, run_id)).info.artifact_uri


def _find(site: Site, root: str, path: str) -> tuple[ArtifactStore, str, str]:
    """(store, folder in it, what to put before names)."""
    folder = check_path(path)
    place, prefix = site.artifact_place(root)
    return place, join(prefix, folder).lstrip("/"), f"{folder}/" if folder else ""


def _mlflow(site: Site, root: str, path: str) -> mlflow.ListArtifactsResponse:
    place, folder, below = _find(site, root, path)
    files = [convert.file_message(_info(below, entry)) for entry in place.entries(folder)]
    return mlflow.ListArtifactsResponse(root_uri=root, files=files)


def _info(below: str, entry: Entry) -> FileInfo:
    return FileInfo(path=below + entry.name, is_dir=entry.is_dir, file_size=None if entry.is_dir else entry.size)


def _file(below: str, entry: Entry, sha256: str | None) -> wire.File:
    if entry.is_dir:
        return wire.File(path=below + entry.name, is_dir=True)
    return wire.File(
        path=below + entry.name,
        is_dir=False,
        size=entry.size,
        modified=round(entry.modified_s * 1000) or None,
        sha256=sha256,
    )


CALLS: tuple[Callable[..., Any], ...] = (list_artifacts, list_logged_model_artifacts, list_files)
