"""Where a version of a registered model comes from: datasets, run, logged model, the versions it was copied from."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from clew.client.api import ClewClient
from clew.entities.dataset import DatasetInput
from clew.entities.model import LoggedModel
from clew.entities.registry import ModelVersion
from clew.entities.run import Run
from clew.errors import NotFound

_MODEL = "models:/"
_LOGGED = "models:/m-"
_COPIES = 100

T = TypeVar("T")


class Lineage(NamedTuple):
    """The way from the data to a version.

    version: with the aliases that point at it. copied_from: the versions that it is a copy of, the nearest first.
    model, run: the logged model and the run that it was made of, None where there is none or it is gone.
    datasets: what that run read.
    """

    version: ModelVersion
    copied_from: tuple[ModelVersion, ...] = ()
    model: LoggedModel | None = None
    run: Run | None = None
    datasets: tuple[DatasetInput, ...] = ()


def get_lineage(model_uri: str) -> Lineage:
    """The way from the data to a version of a registered model.

    model_uri: ``models:/<name>/<version, stage or latest>`` or ``models:/<name>@<alias>``.

    Raises:
        NotFound: there is no such version. InvalidValue: the URI does not say which version, or names no model.
    """
    client = ClewClient()
    version = client.find_model_version(model_uri)
    first = version
    copied: list[ModelVersion] = []
    while _is_version(first.source) and len(copied) < _COPIES:
        try:
            first = client.find_model_version(first.source)
        except NotFound:  # deleted since
            break
        copied.append(first)
    model_id = first.model_id or (first.source.removeprefix(_MODEL) if first.source.startswith(_LOGGED) else "")
    model = _unless_gone(client.get_logged_model, model_id)
    run = _unless_gone(client.get_run, first.run_id or (model.source_run_id if model else ""))
    return Lineage(version, tuple(copied), model, run, run.inputs.dataset_inputs if run else ())


def _is_version(source: str) -> bool:
    return source.startswith(_MODEL) and not source.startswith(_LOGGED)


def _unless_gone(get: Callable[[str], T], identity: str) -> T | None:
    try:
        return get(identity) if identity else None
    except NotFound:
        return None
