"""``clew.artifacts`` for users: fetch and list artifacts by URI or run, read texts, mappings and images."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

from clew.client.api import ClewClient
from clew.client.contents import read_dict
from clew.client.images import pil_of
from clew.client.runs import active_run
from clew.client.upload import join
from clew.entities.file import FileInfo
from clew.errors import InvalidValue

if TYPE_CHECKING:
    from PIL.Image import Image


def download_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    dst_path: str | os.PathLike[str] | None = None,
    tracking_uri: str | None = None,
    registry_uri: str | None = None,
) -> str:
    """The local path of an artifact or folder, fetched into ``dst_path`` or a temporary folder.

    artifact_uri: ``runs:/<run id>/<path>``, ``models:/m-<id>[/<path>]``, or a location such as ``mlflow-artifacts:/…``.
    run_id, artifact_path: instead of a URI.

    Raises:
        InvalidValue: neither or both of URI and run. NotFound: nothing lies there.
    """
    del registry_uri  # registered models are found by the tracking server
    if dst_path is not None:
        os.makedirs(dst_path, exist_ok=True)
    client = ClewClient(tracking_uri)
    if (artifact_uri is None) == (run_id is None):
        raise InvalidValue("Exactly one of artifact_uri and run_id must be given.")
    if run_id is not None:
        return client.download_artifacts(run_id, artifact_path or "", dst_path)
    uri = str(artifact_uri)
    if uri.startswith("runs:/"):
        run, _, path = uri.removeprefix("runs:/").strip("/").partition("/")
        return client.download_artifacts(run, path, dst_path)
    if uri.startswith("models:/m-"):
        model, _, path = uri.removeprefix("models:/").strip("/").partition("/")
        return client.download_uri(client.get_logged_model(model).artifact_location, path, dst_path)
    parent, _, name = uri.rstrip("/").rpartition("/")
    return client.download_uri(parent, name, dst_path)


def list_artifacts(
    artifact_uri: str | None = None,
    run_id: str | None = None,
    artifact_path: str | None = None,
    tracking_uri: str | None = None,
) -> list[FileInfo]:
    """The files and folders directly in an artifact folder.

    Raises:
        InvalidValue: neither or both of URI and run. NotFound: there is no such run.
    """
    client = ClewClient(tracking_uri)
    if (artifact_uri is None) == (run_id is None):
        raise InvalidValue("Exactly one of artifact_uri and run_id must be given.")
    if run_id is not None:
        return client.list_artifacts(run_id, artifact_path)
    uri = str(artifact_uri)
    if uri.startswith("runs:/"):
        run, _, path = uri.removeprefix("runs:/").strip("/").partition("/")
        return client.list_artifacts(run, path)
    return [FileInfo(path=join("", name), is_dir=size is None, file_size=size) for name, size in client.list_uri(uri)]


def load_text(artifact_uri: str) -> str:
    """The content of a text artifact.

    Raises:
        NotFound: nothing lies there.
    """
    with tempfile.TemporaryDirectory(prefix="clew-") as folder:
        local = download_artifacts(_full(artifact_uri), dst_path=folder)
        with open(local, encoding="utf-8") as file:
            return file.read()


def load_dict(artifact_uri: str) -> Any:
    """The content of a JSON or YAML artifact.

    Raises:
        NotFound: nothing lies there. InvalidValue: it is neither JSON nor YAML.
    """
    text = load_text(artifact_uri)
    try:
        return read_dict(text, artifact_uri)
    except ValueError as error:
        raise InvalidValue(f"Artifact {artifact_uri!r} cannot be read as a dictionary: {error}") from None


def load_image(artifact_uri: str) -> Image:
    """The content of an image artifact, for Pillow.

    Raises:
        NotFound: nothing lies there. InvalidValue: it is no image. MissingPackage: Pillow is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="clew-") as folder:
        return pil_of(download_artifacts(_full(artifact_uri), dst_path=folder))


def _full(uri: str) -> str:
    """A bare path means the active run's artifact of that name."""
    active = active_run()
    if ":" not in uri and active is not None:
        return f"runs:/{active.info.run_id}/{uri}"
    return uri
