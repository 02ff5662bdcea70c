"""Calls that list the files of runs and logged models, MLflow's and Clew's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew.artifacts.store import Entry
from clew.artifacts.uri import check_path
from clew.entities.file import FileInfo
from clew.server import runfiles
from clew.server.context import Site
from clew.wire import artifacts as wire
from clew.wire import codec, convert, mlflow


def list_artifacts(site: Site, request: mlflow.ListArtifacts) -> mlflow.ListArtifactsResponse:
    """One folder of a run's files and models; every path is relative to the run's root."""
    return _mlflow(site, runfiles.root_of(site, request.run_id, None), request.path or "")


def list_logged_model_artifacts(site: Site, request: mlflow.ListLoggedModelArtifacts) -> mlflow.ListArtifactsResponse:
    """One folder of a logged model's files."""
    return _mlflow(site, runfiles.root_of(site, None, request.model_id), request.artifact_directory_path or "")


def list_files(site: Site, request: wire.ListFiles) -> wire.ListFilesResponse:
    """One folder of a run's or a logged model's files, with times and checksums."""
    root, path = runfiles.root_of(site, request.run_id, request.model_id), request.path or ""
    below = _below(path)
    files = [_file(below, entry, sha256) for entry, sha256 in runfiles.entries(site, root, path)]
    return wire.ListFilesResponse(root_uri=root.uri, files=files)


def listed(site: Site, path: str, client: bytes) -> bytes:
    """MLflow's answer for one folder of the files that the server keeps: bare names.

    client: the User-Agent; see ``runfiles.proxied_root``.
    """
    inside = runfiles.proxied_root(site, check_path(path), client)
    found = (
        [entry for entry, _ in runfiles.entries(site, *inside)] if inside else site.artifacts.entries(check_path(path))
    )
    files = [convert.file_message(_info("", entry)) for entry in found]
    return codec.encode_response(mlflow.ListArtifactsResponse(files=files))


def _mlflow(site: Site, root: runfiles.Root, path: str) -> mlflow.ListArtifactsResponse:
    below = _below(path)
    files = [convert.file_message(_info(below, entry)) for entry, _ in runfiles.entries(site, root, path)]
    return mlflow.ListArtifactsResponse(root_uri=root.uri, files=files)


def _below(path: str) -> str:
    folder = check_path(path)
    return f"{folder}/" if folder else ""


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
