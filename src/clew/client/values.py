"""What users hand in, as the client understands it: views, statuses, data sets, items of batches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple, get_args

from clew.entities.dataset import Dataset
from clew.entities.run import RunStatus, ViewType
from clew.errors import InvalidValue

_VIEWS: tuple[ViewType, ...] = get_args(ViewType)
_STATUSES = tuple(RunStatus)


class View(IntEnum):
    """Which lifecycle stages a search looks at, as MLflow's numbers."""

    ACTIVE_ONLY = 1
    DELETED_ONLY = 2
    ALL = 3


class Param(NamedTuple):
    """A param for ``ClewClient.log_batch``."""

    key: str
    value: str


class RunTag(NamedTuple):
    """A tag for ``ClewClient.log_batch``."""

    key: str
    value: str


def view_of(view: object) -> ViewType:
    """A view given as its name or as MLflow's number (1 active, 2 deleted, 3 all).

    Raises:
        InvalidValue: it is neither.
    """
    if isinstance(view, int) and 1 <= view <= len(_VIEWS):
        return _VIEWS[view - 1]
    if view in _VIEWS:
        return view
    raise InvalidValue(f"Invalid view type {view!r}; expected one of {', '.join(_VIEWS)}.")


def status_of(status: object) -> RunStatus:
    """A status given as its name or as MLflow's number (1 running … 5 killed).

    Raises:
        InvalidValue: it is neither.
    """
    if isinstance(status, int) and 1 <= status <= len(_STATUSES):
        return _STATUSES[status - 1]
    try:
        return RunStatus(str(status))
    except ValueError:
        raise InvalidValue(f"Invalid run status {status!r}; expected one of {', '.join(RunStatus)}.") from None


def pairs_of(items: Any) -> dict[str, Any]:
    """Params or tags given as a mapping, or as objects with ``key`` and ``value``; None is none."""
    if items is None:
        return {}
    if isinstance(items, Mapping):
        return dict(items)
    return {item.key: item.value for item in items}


def dataset_fields(dataset: Any) -> dict[str, Any]:
    """The fields that are kept of a dataset: ours, or any object with MLflow's dataset methods.

    Raises:
        InvalidValue: it is no dataset.
    """
    if isinstance(dataset, Dataset):
        return {name: getattr(dataset, name) for name in Dataset.__struct_fields__}
    to_dict = getattr(dataset, "to_dict", None)
    if callable(to_dict):
        fields = to_dict()
        return {name: _text(fields.get(name)) for name in Dataset.__struct_fields__}
    fields = {name: getattr(dataset, name, None) for name in Dataset.__struct_fields__}
    if fields["name"] and fields["digest"]:
        return {name: _text(value) for name, value in fields.items()}
    raise InvalidValue(f"{type(dataset).__name__} is no dataset: it has no name and digest.")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, default=str)


def order_of(order_by: Iterable[str] | str | None) -> list[str]:
    """Ordering terms as a list."""
    if order_by is None:
        return []
    return [order_by] if isinstance(order_by, str) else list(order_by)


def texts_of(value: Iterable[Any] | str | int | None) -> list[str]:
    """Ids as a list of texts; a single one is understood."""
    if value is None:
        return []
    return [str(value)] if isinstance(value, str | int) else [str(v) for v in value]
