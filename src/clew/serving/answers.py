"""Predictions as JSON: frames as records, arrays as lists; NaN as null, infinities as texts."""

from __future__ import annotations

import base64
import datetime
import math
from typing import Any

import msgspec
import numpy as np

from clew.errors import InvalidValue


def write_predictions(predictions: Any, *, bare: bool = False) -> bytes:
    """``{"predictions": …}``; bare: what stands there alone.

    Raises:
        InvalidValue: the model answers what JSON cannot hold.
    """
    plain = _plain(predictions)
    return msgspec.json.encode(plain if bare else {"predictions": plain}) + b"\n"


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.date | datetime.datetime | datetime.time):
        return value.isoformat()
    return _foreign(value)


def _foreign(value: Any) -> Any:
    """Pandas' objects, and others' arrays, known by what they can do."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return [_plain(row) for row in value.to_dict(orient="records")]
    if hasattr(value, "to_numpy"):
        return _array(value.to_numpy())
    if hasattr(value, "toarray"):
        return _array(value.toarray())
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if value != value:
        return None
    raise InvalidValue(f"The model answers a {type(value).__name__}, which cannot be written as JSON.")


def _array(array: Any) -> Any:
    if array.dtype.kind == "f" and np.isfinite(array).all():
        return array.tolist()
    if array.dtype.kind in "iub":
        return array.tolist()
    if array.dtype.kind == "M":
        return np.datetime_as_string(array).tolist()
    return [_plain(part) for part in array.tolist()] if array.ndim else _plain(array.item())


def _number(value: float) -> float | str | None:
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
