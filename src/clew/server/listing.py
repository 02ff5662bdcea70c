"""Calls that list the files of runs and logged models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew.artifacts.uri import check_path, join
from clew.entities.file import FileInfo
from clew.server.context import Site
from clew.storage import models, runs
from clew.wire import convert, mlflow


def list_artifacts(site: Site, request: mlflow.ListArtifacts) -> mlflow.ListArtifactsResponse:
    """One folder of a run's files; every path is relative to the run's root."""
    root = site.store.read(lambda tx: runs.get_run(tx, request.run_id)).info.artifact_uri
    return _listed(site, root, request.path or "")


def list_logged_model_artifacts(site: Site, request: mlflow.ListLoggedModelArtifacts) -> mlflow.ListArtifactsResponse:
    """One folder of a logged model's files."""
    root = site.store.read(lambda tx: models.get_model(tx, request.model_id)).artifact_location
    return _listed(site, root, request.artifact_directory_path or "")


def _listed(site: Site, root: str, path: str) -> mlflow.ListArtifactsResponse:
    folder = check_path(path)
    place, prefix = site.artifact_place(root)
    below = f"{folder}/" if folder else ""
    files = [
        FileInfo(path=below + item.path, is_dir=item.is_dir, file_size=item.file_size)
        for item in place.entries(join(prefix, folder).lstrip("/"))
    ]
    return mlflow.ListArtifactsResponse(root_uri=root, files=[convert.file_message(f) for f in files])


CALLS: tuple[Callable[..., Any], ...] = (list_artifacts, list_logged_model_artifacts)
