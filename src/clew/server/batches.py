"""Points, params and tags of a request: checked, and put into the store's form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clew.entities import names
from clew.entities.dataset import DatasetInput
from clew.errors import InvalidValue
from clew.storage.memory import Context
from clew.storage.points import PointColumns
from clew.wire import mlflow

_NO_RANK = -1


class Pair(Protocol):
    """Anything with a key and a value."""

    key: str
    value: str


@lru_cache(8192)
def _good_key(name: str) -> bool:
    names.check_key(name)
    return True


def check_name(name: str, path: str) -> None:
    """Refuse a bad key; remembers good ones, since runs repeat theirs.

    Raises:
        InvalidValue: see ``names.check_key``.
    """
    try:
        _good_key(name)
    except InvalidValue:
        names.check_key(name, path)


def check_params(params: Sequence[Pair], truncate: bool, path: str) -> list[tuple[str, str]]:
    """Params as (key, value); path: of the list in the request, "" for a single param.

    Raises:
        InvalidValue: a bad key, a key given twice, a value too long where nothing is cut.
    """
    checked = []
    for i, param in enumerate(params):
        check_name(param.key, f"{path}[{i}].key" if path else "key")
        checked.append((param.key, names.fit_length("Param value", param.value, names.MAX_PARAM_VALUE, truncate)))
    if len(checked) > 1:
        twice = [key for key, count in Counter(key for key, _ in checked).items() if count > 1]
        if twice:
            raise InvalidValue(
                f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only "
                "one param value per param key."
            )
    return checked


def check_tags(tags: Sequence[Pair], truncate: bool, path: str = "tags") -> dict[str, str]:
    """Tags as a mapping; the last of equal keys wins.

    Raises:
        InvalidValue: a bad key, or a value too long where nothing is cut.
    """
    checked = {}
    for i, tag in enumerate(tags):
        check_name(tag.key, f"{path}[{i}].key" if path else "key")
        checked[tag.key] = names.fit_length("Tag value", tag.value, names.MAX_TAG_VALUE, truncate)
    return checked


def check_point(request: mlflow.LogMetric) -> Context | None:
    """What the point of a log-metric request is bound to, if anything.

    Raises:
        InvalidValue: a bad key or a negative timestamp.
    """
    check_name(request.key, "name")
    if request.timestamp < 0:
        raise _bad_time(request.timestamp, "timestamp")
    return _bound(request)


def columns_of(points: Sequence[mlflow.MetricPoint]) -> PointColumns:
    """The points of a batch as columns.

    Raises:
        InvalidValue: a bad key or a negative timestamp; names the place.
    """
    index: dict[str, int] = {}
    key_index = np.array([index.setdefault(p.key, len(index)) for p in points], np.int32)
    for key, number in index.items():
        try:
            _good_key(key)
        except InvalidValue:
            names.check_key(key, f"metrics[{int((key_index == number).argmax())}].name")
    times_ms = np.array([p.timestamp for p in points], np.int64)
    if times_ms.min() < 0:
        at = int(times_ms.argmin())
        raise _bad_time(int(times_ms[at]), f"metrics[{at}].timestamp")
    contexts, context_index = _contexts(points)
    return PointColumns(
        keys=tuple(index),
        key_index=key_index,
        steps=np.array([p.step for p in points], np.int64),
        times_ms=times_ms,
        values=np.array([p.value for p in points], np.float64),
        contexts=contexts,
        context_index=context_index,
    )


def check_dataset(item: DatasetInput, path: str) -> None:
    """Refuse a dataset whose texts are too long.

    Raises:
        InvalidValue: names the field.
    """
    data = item.dataset
    for field, value, limit in (
        ("name", data.name, names.MAX_DATASET_NAME),
        ("digest", data.digest, names.MAX_DATASET_DIGEST),
        ("source_type", data.source_type, names.MAX_DATASET_SOURCE),
        ("source", data.source, names.MAX_DATASET_SOURCE),
        ("schema", data.schema or "", names.MAX_DATASET_SCHEMA),
        ("profile", data.profile or "", names.MAX_DATASET_PROFILE),
    ):
        names.check_length(f"{path}.dataset.{field}", value, limit)
    for key, value in item.tags.items():
        names.check_length(f"{path}.tags.key", key, names.MAX_INPUT_TAG_KEY)
        names.check_length(f"{path}.tags.value", value, names.MAX_INPUT_TAG_VALUE)


def _contexts(
    points: Sequence[mlflow.MetricPoint],
) -> tuple[Sequence[Context], NDArray[np.int32] | None]:
    bound = [_bound(p) for p in points]
    if not any(bound):
        return (), None
    index: dict[Context, int] = {}
    numbers = [-1 if b is None else index.setdefault(b, len(index)) for b in bound]
    return tuple(index), np.array(numbers, np.int32)


def _bound(point: Any) -> Context | None:
    model, name, digest = point.model_id, point.dataset_name, point.dataset_digest
    if model or name or digest:
        return model or "", name or "", digest or "", _NO_RANK
    return None


def _bad_time(value: int, path: str) -> InvalidValue:
    return InvalidValue(
        f"Invalid value {value} for parameter '{path}' supplied: a timestamp is in milliseconds and not negative."
    )
