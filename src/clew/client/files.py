"""The fluent functions on artifacts: files, texts, figures, images and tables of the active run."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from clew.client.api import ClewClient
from clew.client.experiments import client, experiment_in_use
from clew.client.runs import active_or_begun
from clew.client.upload import join
from clew.errors import NotFound

if TYPE_CHECKING:
    import pandas as pd


P = ParamSpec("P")
R = TypeVar("R")


def files_of(run_id: str | None) -> tuple[ClewClient, str]:
    """The client and run that artifacts go to."""
    if run_id is not None:
        return client(), run_id
    active = active_or_begun()
    return ClewClient(active.link.uri), active.run.info.run_id


def on_active_run(call: Callable[Concatenate[ClewClient, str, P], R]) -> Callable[P, R]:
    """A client's call as a fluent function: the same arguments without the run id, which is the active run's."""

    @functools.wraps(call, assigned=("__name__", "__doc__", "__annotations__"))
    def fluent(*args: P.args, **kwargs: P.kwargs) -> R:
        return call(*files_of(None), *args, **kwargs)

    fluent.__module__, fluent.__qualname__ = "clew", call.__name__  # where pickle finds it
    shape = inspect.signature(call)
    fluent.__signature__ = shape.replace(parameters=list(shape.parameters.values())[2:])  # type: ignore[attr-defined]
    return fluent


def log_artifact(
    local_path: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Store a file, or a folder with all in it, among the run's artifacts.

    Raises:
        InvalidValue: there is no such file.
    """
    it, run = files_of(run_id)
    it.log_artifact(run, local_path, artifact_path)


def log_artifacts(
    local_dir: str | os.PathLike[str], artifact_path: str | None = None, run_id: str | None = None
) -> None:
    """Store every file of a folder among the run's artifacts.

    Raises:
        InvalidValue: it is no folder.
    """
    it, run = files_of(run_id)
    it.log_artifacts(run, local_dir, artifact_path)


def log_text(text: str, artifact_file: str, run_id: str | None = None) -> None:
    """Store a text as a file."""
    it, run = files_of(run_id)
    it.log_text(run, text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Store a mapping or list as YAML (``.yml``, ``.yaml``) or JSON (every other suffix)."""
    it, run = files_of(run_id)
    it.log_dict(run, dictionary, artifact_file)


log_figure = on_active_run(ClewClient.log_figure)


def log_image(
    image: Any,
    artifact_file: str | None = None,
    key: str | None = None,
    step: int | None = None,
    timestamp: int | None = None,
    synchronous: bool | None = False,
) -> None:
    """Store an image: as the file ``artifact_file``, or under ``key`` as one of a series over steps.

    image: a PIL image, ``clew.Image``, or an array of height × width (× 1, 3 or 4); integers 0 to 255, floats 0 to 1.
    step: default 0. timestamp: milliseconds since 1970, default now.
    synchronous: False lets an image of a series travel behind the call.

    Raises:
        InvalidValue: not exactly one of file and key, or no image. MissingPackage: Pillow is not installed.
    """
    it, run = files_of(None)
    it.log_image(run, image, artifact_file, key, step, timestamp, synchronous)


def log_table(data: Mapping[str, Any] | pd.DataFrame, artifact_file: str, run_id: str | None = None) -> None:
    """Store a table as ``.json`` or ``.parquet``; a second call with the same file adds rows.

    data: a pandas frame, or a mapping of columns; cells may be images.

    Raises:
        InvalidValue: another suffix, or no table. MissingPackage: pandas is not installed.
    """
    it, run = files_of(run_id)
    it.log_table(run, data, artifact_file)


def load_table(
    artifact_file: str, run_ids: Sequence[str] | None = None, extra_columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """The rows that runs of the experiment in use logged to a table.

    run_ids: only of these runs. extra_columns: columns of ``search_runs`` to add, such as ``run_id``.

    Raises:
        NotFound: no run has the table, or runs have no such column.
    """
    return client().load_table(experiment_in_use(), artifact_file, run_ids, extra_columns)


def log_stream(stream: Any, artifact_file: str, run_id: str | None = None) -> None:
    """Store what a binary stream gives as a file.

    Raises:
        InvalidValue: the stream gives texts.
    """
    it, run = files_of(run_id)
    it.log_stream(run, stream, artifact_file)


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Where the active run's artifacts lie, or one of them.

    Raises:
        NotFound: the run was begun while the server was away, so no place is known yet.
    """
    active = active_or_begun()
    root = active.log.artifact_uri or active.link.root_of(active.run.info.run_id)
    if not root:
        raise NotFound("The active run has no artifact place yet, because the server was away when it began.")
    return join(root, artifact_path or "")
