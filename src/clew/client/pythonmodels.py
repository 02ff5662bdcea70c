"""Models of Python saved and logged: what they are made of, and their artifacts fetched from wherever they lie."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from clew.client.api import ClewClient
from clew.client.modelplaces import locate
from clew.client.models import ModelEntry, ModelInfo, log_model
from clew.errors import InvalidValue
from clew.packaging.save import ModelOptions, save_model


class PythonParts(msgspec.Struct, frozen=True, kw_only=True):
    """What a model of Python is made of: either ``model``, or ``loader_module`` with its data.

    model: a ``PythonModel``, a function, or the path of a script.
    artifacts: name -> path or URI (``models:/``, ``runs:/``, ``mlflow-artifacts:/``) of a file or folder.
    config: settings that the model reads from its context.
    """

    model: Any = None
    artifacts: Mapping[str, str] | None = None
    config: Mapping[str, Any] | None = None
    loader_module: str | None = None
    data_path: str | None = None


def log(parts: PythonParts, options: ModelOptions, entry: ModelEntry) -> ModelInfo:
    """Log the model; see ``clew.pyfunc.log_model``."""
    with _prepared(parts, options) as (model, flavor, prepared):
        return log_model(model, entry, flavor=flavor, options=prepared)


def save(parts: PythonParts, options: ModelOptions, path: str) -> None:
    """Save the model; see ``clew.pyfunc.save_model``."""
    with _prepared(parts, options) as (model, flavor, prepared):
        save_model(model, path, flavor=flavor, options=prepared)


@contextmanager
def _prepared(parts: PythonParts, options: ModelOptions) -> Iterator[tuple[Any, str, ModelOptions]]:
    """(what is saved, flavor, options), while the artifacts lie on this machine."""
    if (parts.model is None) == (parts.loader_module is None):
        raise InvalidValue("Give either python_model or loader_module, and not both.")
    given: dict[str, Any] = {"model_config": parts.config}
    if parts.loader_module is not None:
        if parts.artifacts:
            raise InvalidValue("artifacts belong to a python_model; a loader_module is given data_path.")
        given["data_path"] = parts.data_path
        yield parts.loader_module, "loader", msgspec.structs.replace(options, flavor_options=given)
        return
    if parts.data_path is not None:
        raise InvalidValue("data_path belongs to a loader_module; a python_model is given artifacts.")
    with tempfile.TemporaryDirectory(prefix="clew-") as scratch:
        given["artifacts"] = {
            name: _fetched(str(source), os.path.join(scratch, str(number)))
            for number, (name, source) in enumerate((parts.artifacts or {}).items())
        }
        yield parts.model, "python_function", msgspec.structs.replace(options, flavor_options=given)


def _fetched(source: str, folder: str) -> str:
    """The path of an artifact on this machine."""
    scheme, colon, _ = source.partition(":")
    if scheme == "file":
        return unquote(urlsplit(source).path)
    if not colon or len(scheme) == 1 or scheme not in ("models", "runs", "mlflow-artifacts"):
        return source
    client = ClewClient()
    place = locate(client, source)
    os.makedirs(folder)
    return client.download_uri(place.root, place.path, folder)


def read_config(given: Mapping[str, Any] | str | os.PathLike[str] | None) -> Mapping[str, Any] | None:
    """Settings as a mapping, or out of a YAML file.

    Raises:
        InvalidValue: there is no such file, or it holds no map.
    """
    if given is None or isinstance(given, Mapping):
        return given
    import yaml

    try:
        with open(given, encoding="utf-8") as file:
            found = yaml.safe_load(file)
    except (OSError, yaml.YAMLError) as error:
        raise InvalidValue(f"model_config {os.fspath(given)!r} cannot be read: {error}.") from None
    if not isinstance(found, Mapping):
        raise InvalidValue(f"model_config {os.fspath(given)!r} is no YAML map.")
    return found
