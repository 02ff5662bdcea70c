"""Columns out of JSON and CSV, whose numbers have no types, made what the signature says where that loses nothing.

What does not fit stays as it came, and the model's own check says so in one message with every other fault.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import numpy as np

from clew.packaging.schema import ColumnSpec, DataType, Schema

_EXACT: Final = 2**53  # whole numbers up to here are exact in a double
_MOST: Final = 2**1023
_INT32: Final = np.iinfo(np.int32)
_FLOAT32_MOST: Final = float(np.finfo(np.float32).max)


def fit_frame(frame: Any, schema: Schema | None) -> Any:
    """The pandas frame with each column in the type of its schema, where every value has a place in it.

    Raises:
        ValueError: a text is no datetime or no base64; names the column.
    """
    if schema is None or schema.tensors:
        return frame
    columns = schema.columns
    named = all(spec.name is not None for spec in columns)
    pairs = (
        [(spec, spec.name) for spec in columns if spec.name in frame.columns]
        if named
        else list(zip(columns, frame.columns, strict=False))
    )
    fitted = frame
    for spec, label in pairs:
        series = frame[label]
        made = _fit(series, spec, label)
        if made is not series:
            fitted = frame.copy(deep=False) if fitted is frame else fitted
            fitted[label] = made
    return fitted


def _fit(series: Any, spec: ColumnSpec, label: object) -> Any:
    fit = _FITS.get(spec.type) if isinstance(spec.type, DataType) else None
    if fit is None:
        return series
    try:
        return fit(series)
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise ValueError(f"column {label!r}: {spec.type} expected: {type(error).__name__}") from error


def _long(series: Any) -> Any:
    if series.dtype.kind == "f":
        values = series.to_numpy()
        if not (np.isfinite(values).all() and (np.abs(values) <= _EXACT).all() and (values == np.floor(values)).all()):
            return series
        return series.astype("int64")
    return series


def _integer(series: Any) -> Any:
    series = _long(series)
    if series.dtype.kind == "i" and len(series) and _INT32.min <= series.min() and series.max() <= _INT32.max:
        return series.astype("int32")
    return series


def _float(series: Any) -> Any:
    series = _numbers(series)
    if series.dtype.kind in "if" and (np.abs(series.fillna(0).to_numpy(dtype="float64")) <= _FLOAT32_MOST).all():
        return series.astype("float32")
    return series


def _numbers(series: Any) -> Any:
    """Numbers among which null stands; nothing else is read as a number, and none that a double cannot hold."""
    if series.dtype.kind == "O" and all(value is None or _is_double(value) for value in series):
        return series.astype("float64")
    return series


def _is_double(value: object) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < _MOST and int(float(value)) == value
    return isinstance(value, float)


def _datetime(series: Any) -> Any:
    import pandas as pd

    return pd.to_datetime(series) if series.dtype.kind not in "Mif" else series


def _binary(series: Any) -> Any:
    decode = lambda value: base64.b64decode(value, validate=True) if isinstance(value, str) else value  # noqa: E731
    return series.map(decode).astype(object)


_FITS: Final = {
    DataType.INTEGER: _integer,
    DataType.LONG: _long,
    DataType.FLOAT: _float,
    DataType.DOUBLE: _numbers,
    DataType.DATETIME: _datetime,
    DataType.BINARY: _binary,
}
