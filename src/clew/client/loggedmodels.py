"""The fluent functions on logged models, and which model metrics are bound to while they are logged."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from clew.client.experiments import client, experiment_in_use
from clew.client.pages import all_pages
from clew.client.session import session
from clew.client.source import ENTRY_POINT, context_tags
from clew.entities.model import LoggedModel, LoggedModelStatus
from clew.errors import InvalidValue, MissingPackage

if TYPE_CHECKING:
    import pandas as pd

EXTERNAL_TAG: Final = "mlflow.model.isExternal"
"""On models whose files lie elsewhere."""
CHECKPOINT_TAG: Final = "clew.checkpoint"
"""Where the files of an imported checkpoint lie."""

_PAGE = 100
_COLUMNS = sorted(LoggedModel.__struct_fields__)


class ActiveModel(LoggedModel, frozen=True):
    """The model that metrics are bound to; as a context manager the one before comes back after the block.

    previous: id of the model before, None where there was none.
    """

    previous: str | None = None

    def __enter__(self) -> ActiveModel:
        return self

    def __exit__(self, *_: object) -> None:
        session.set_model(self.previous)


def initialize_logged_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """A new logged model in the state PENDING; ``finalize_logged_model`` ends it.

    source_run_id, experiment_id: default those of the active run, or the experiment in use.

    Raises:
        Unavailable: the server is away.
    """
    active = session.innermost()
    run_id = source_run_id or (active.log.run_id if active else None)
    of_run = active.log.experiment_id if active else ""
    given = {k: str(v) for k, v in (tags or {}).items()}
    texts = {k: v for k, v in context_tags().items() if k != ENTRY_POINT} | given
    made = client().create_logged_model(
        experiment_id or of_run or experiment_in_use(), name, run_id, texts, params, model_type
    )
    session.last_model_id = made.model_id
    return made


def create_external_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """A new logged model, READY, whose files lie elsewhere; arguments as for :func:`initialize_logged_model`.

    Raises:
        Unavailable: the server is away.
    """
    import tempfile

    from clew.packaging.manifest import FORMAT_LEVEL, MLmodel, write_mlmodel

    made = initialize_logged_model(
        name, source_run_id, {**(tags or {}), EXTERNAL_TAG: "true"}, params, model_type, experiment_id
    )
    manifest = MLmodel(
        flavors={},
        artifact_path=made.artifact_location,
        run_id=made.source_run_id or None,
        model_id=made.model_id,
        model_uuid=made.model_id,
        mlflow_version=FORMAT_LEVEL,
        metadata={EXTERNAL_TAG: True},
    )
    with tempfile.TemporaryDirectory(prefix="clew-") as folder:
        write_mlmodel(folder, manifest)
        client().upload_uri(made.artifact_location, folder)
    return client().finalize_logged_model(made.model_id, LoggedModelStatus.READY.value)


def import_checkpoints(
    checkpoint_path: str | os.PathLike[str],
    source_run_id: str | None = None,
    model_prefix: str | None = None,
    overwrite_checkpoints: bool = False,
) -> list[LoggedModel]:
    """One external model for each file and folder directly in a folder of checkpoints.

    model_prefix: goes before the names of files to make names of models.
    overwrite_checkpoints: models of the same name in the experiment are replaced instead of kept.

    Raises:
        InvalidValue: there is no such folder. Unavailable: the server is away.
    """
    folder = os.path.abspath(checkpoint_path)
    if not os.path.isdir(folder):
        raise InvalidValue(f"There is no folder {folder!r} of checkpoints.")
    models = []
    for entry in sorted(os.listdir(folder)):
        name = (model_prefix or "") + entry.translate(_NAME_SIGNS)
        known = _find_by_name(name)
        if known is not None and not overwrite_checkpoints:
            models.append(known)
            continue
        if known is not None:
            client().delete_logged_model(known.model_id)
        models.append(create_external_model(name, source_run_id, {CHECKPOINT_TAG: os.path.join(folder, entry)}))
    return models


_NAME_SIGNS: Final = str.maketrans(dict.fromkeys("/:.%\"'", "_"))
"""Signs that names of models do not have."""


def finalize_logged_model(model_id: str, status: str) -> LoggedModel:
    """Set READY or FAILED.

    Raises:
        NotFound: there is no such model. InvalidValue: no such status.
    """
    return client().finalize_logged_model(model_id, status)


def get_logged_model(model_id: str) -> LoggedModel:
    """A logged model by id.

    Raises:
        NotFound: there is none.
    """
    return client().get_logged_model(model_id)


def last_logged_model() -> LoggedModel | None:
    """The model that this process logged last, as the server has it now; None if there was none."""
    return get_logged_model(session.last_model_id) if session.last_model_id else None


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """Bind metrics that are logged from now on to a model; with ``with``, until the end of the block.

    name: of the newest model of this name in the experiment in use; an external one is made if there is none.

    Raises:
        InvalidValue: not exactly one of name and id. NotFound: no model has this id.
    """
    if (name is None) == (model_id is None):
        raise InvalidValue("Either name or model_id must be provided, and not both.")
    if model_id is not None:
        found = get_logged_model(model_id)
    else:
        found = _find_by_name(str(name)) or create_external_model(name=name)
    previous = session.set_model(found.model_id)
    return ActiveModel(**{f: getattr(found, f) for f in LoggedModel.__struct_fields__}, previous=previous)


def get_active_model_id() -> str | None:
    """The id of the model that metrics are bound to, or None."""
    return session.model_id()


def clear_active_model() -> None:
    """Bind metrics to no model any more."""
    session.set_model(None)


def log_model_params(params: Mapping[str, Any], model_id: str | None = None) -> None:
    """Set params of a logged model, by default of the active one.

    Raises:
        InvalidValue: no model is given and none is active. NotFound: there is no such model.
    """
    chosen = model_id or get_active_model_id()
    if not chosen:
        raise InvalidValue("Give model_id, or choose a model with set_active_model first.")
    client().log_model_params(chosen, params)


def set_logged_model_tags(model_id: str, tags: Mapping[str, Any]) -> None:
    """Set tags of a logged model."""
    client().set_logged_model_tags(model_id, tags)


def delete_logged_model_tag(model_id: str, key: str) -> None:
    """Delete a tag of a logged model.

    Raises:
        NotFound: there is no such model or tag.
    """
    client().delete_logged_model_tag(model_id, key)


def search_logged_models(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    datasets: Sequence[Mapping[str, Any]] | None = None,
    max_results: int | None = None,
    order_by: Sequence[Mapping[str, Any]] | None = None,
    output_format: str = "pandas",
) -> pd.DataFrame | list[LoggedModel]:
    """Logged models that match, as a pandas frame or a list.

    experiment_ids: default the experiment in use.
    datasets: mappings with ``dataset_name`` and ``dataset_digest`` that metrics of the filter are bound to.
    order_by: mappings with ``field_name`` and ``ascending``.

    Raises:
        InvalidFilter: the filter cannot be read. InvalidValue: another format.
        MissingPackage: pandas is not installed.
    """
    if output_format not in ("pandas", "list"):
        raise InvalidValue(
            f"Unsupported output format: {output_format!r}. Supported string values are 'pandas' or 'list'"
        )
    it, where = client(), list(experiment_ids or [experiment_in_use()])
    found = all_pages(
        lambda count, token: it.search_logged_models(where, filter_string, datasets, count, order_by, token),
        max_results,
        _PAGE,
    )
    if output_format == "list":
        return found
    try:
        import pandas as pd
    except ImportError:
        raise MissingPackage(
            "search_logged_models returns a pandas frame: pip install pandas, or use output_format='list'"
        ) from None
    # The columns are MLflow's, which has the status by its short name.
    rows = [{c: m.status.name if c == "status" else getattr(m, c) for c in _COLUMNS} for m in found]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _find_by_name(name: str) -> LoggedModel | None:
    quoted = name.replace("'", "\\'")
    newest = [{"field_name": "creation_timestamp", "ascending": False}]
    found = client().search_logged_models([experiment_in_use()], f"name = '{quoted}'", None, 1, newest)
    return found[0] if found else None
