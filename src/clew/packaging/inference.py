"""Schemas derived from example data (models facts, section 2).

numpy is part of the base install; pandas and scipy are recognised by their modules and never imported here.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from clew.errors import InvalidValue
from clew.packaging.schema import (
    AnyType,
    ArrayType,
    ColumnSpec,
    DataType,
    ObjectType,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
    TensorSpec,
    ValueType,
)

_log = logging.getLogger("clew.packaging")
_hinted = False


class _Unknown(AnyType, frozen=True):
    """The type of a null, or of an empty list's items: it takes any other when merged, and ends as ``any``."""


_UNKNOWN = _Unknown()


def infer_schema(data: Any) -> Schema:
    """The schema of example data; what has no better type becomes ``any``."""
    schema = _infer(data)
    if schema.tensors:
        return schema
    return Schema(tuple(ColumnSpec(_settled(spec.type), spec.name, spec.required) for spec in schema.columns))


def _infer(data: Any) -> Schema:
    if is_frame(data):
        return Schema(tuple(_column(data[label], label) for label in data.columns))
    if is_series(data):
        return Schema((_column(data, data.name),))
    if is_sparse(data) or (isinstance(data, np.ndarray) and data.ndim):
        return Schema((_tensor(data),))
    if isinstance(data, Mapping):
        return _mapping_schema(data)
    if isinstance(data, list) and data and all(isinstance(row, Mapping) for row in data):
        merged = _merge_all(infer_value(row) for row in data)
        if isinstance(merged, ObjectType):
            return Schema(tuple(ColumnSpec(p.type, name, p.required) for name, p in merged.properties.items()))
    if isinstance(data, list):
        known = [value for value in data if not is_null(value)]
        return Schema((ColumnSpec(_merge_all(map(infer_value, known)), None, len(known) == len(data)),))
    return Schema((ColumnSpec(infer_value(data)),))


def infer_params(params: Mapping[str, object]) -> ParamSchema:
    """The schema of inference parameters; their values are the defaults.

    Raises:
        InvalidValue: a value is neither a scalar, a flat list nor a dict, or is bytes; all bad ones are named.
    """
    specs, bad = [], []
    for name, value in params.items():
        plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        kind = infer_value(value)
        shape = None
        if isinstance(kind, ArrayType):
            kind, shape = kind.items, (-1,)
        if isinstance(value, tuple) or kind == DataType.BINARY or isinstance(kind, AnyType | ArrayType):
            bad.append(name)
            continue
        if isinstance(plain, datetime.date):
            plain = plain.isoformat()
        specs.append(ParamSpec(name, _settled(kind), plain, shape))
    if bad:
        raise InvalidValue(
            f"No schema for the params {bad}: a param must be a number, text, boolean, datetime, "
            "a non-empty flat list of one of these, or a dict."
        )
    return ParamSchema(tuple(specs))


def infer_value(value: object) -> ValueType:
    """The type of one value; nulls and unknown things are ``any``."""
    if isinstance(value, np.generic):
        return dtype_type(value.dtype)
    if isinstance(value, np.ndarray):
        return _array_type(value)
    for python, kind in _SCALARS:
        if isinstance(value, python):
            return kind
    if isinstance(value, Mapping):
        return ObjectType({str(k): Property(infer_value(v), not is_null(v)) for k, v in value.items()})
    if isinstance(value, Sequence):
        return ArrayType(_merge_all(infer_value(item) for item in value if not is_null(item)))
    return _UNKNOWN if is_null(value) else AnyType()


def dtype_type(dtype: Any) -> ValueType:
    """The type of a numpy dtype's values; ``any`` where none holds them all (uint64, timedelta, complex)."""
    kind, size = dtype.kind, dtype.itemsize
    if kind == "i":
        return DataType.LONG if size == 8 else DataType.INTEGER
    if kind == "u" and size < 8:
        return DataType.LONG if size == 4 else DataType.INTEGER
    if kind == "f" and size <= 8:
        return DataType.DOUBLE if size == 8 else DataType.FLOAT
    return _KINDS.get(kind, AnyType())


def is_frame(data: object) -> bool:
    """Whether this is a pandas DataFrame, without importing pandas."""
    return _pandas_name(data) == "DataFrame"


def is_series(data: object) -> bool:
    """Whether this is a pandas Series, without importing pandas."""
    return _pandas_name(data) == "Series"


def is_sparse(data: object) -> bool:
    """Whether this is a scipy sparse matrix or array, without importing scipy."""
    return type(data).__module__.startswith("scipy.sparse") and hasattr(data, "tocsr")


def is_null(value: object) -> bool:
    """Whether this is None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    if isinstance(value, float | np.floating):
        return value != value
    return type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, np.datetime64) and bool(np.isnat(value)))


_SCALARS: tuple[tuple[type, DataType], ...] = (
    (bool, DataType.BOOLEAN),
    (int, DataType.LONG),
    (float, DataType.DOUBLE),
    (str, DataType.STRING),
    (bytes, DataType.BINARY),
    (bytearray, DataType.BINARY),
    (datetime.date, DataType.DATETIME),
)
_KINDS: dict[str, DataType] = {
    "b": DataType.BOOLEAN,
    "M": DataType.DATETIME,
    "U": DataType.STRING,
    "S": DataType.BINARY,
}


def _pandas_name(data: object) -> str:
    return next(
        (c.__name__ for c in type(data).__mro__ if c.__module__.startswith("pandas") and c.__name__ in _PANDAS), ""
    )


_PANDAS = ("DataFrame", "Series")


def _column(series: Any, name: object) -> ColumnSpec:
    kind = _series_type(series)
    nulls = bool(series.isna().any())
    if kind in (DataType.INTEGER, DataType.LONG) and series.dtype.kind in "iu":
        _hint_integers()
    label = name if isinstance(name, str | int) or name is None else str(name)
    return ColumnSpec(kind, label, not nulls)


def _series_type(series: Any) -> ValueType:
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind != "O":
            return dtype_type(dtype)
        return _merge_all(infer_value(value) for value in series.dropna())
    name = type(dtype).__name__
    if name == "StringDtype":
        return DataType.STRING
    if name == "DatetimeTZDtype":
        return DataType.DATETIME
    if name == "CategoricalDtype":
        return _series_type(dtype.categories.to_series())
    if name == "SparseDtype":
        return dtype_type(dtype.subtype)
    plain = getattr(dtype, "numpy_dtype", None)
    if plain is None:
        return AnyType()
    return _merge_all(map(infer_value, series.dropna())) if plain.kind == "O" else dtype_type(plain)


def _tensor(array: Any, name: str | None = None) -> TensorSpec:
    dtype = "str" if array.dtype.kind == "U" else "bytes" if array.dtype.kind == "S" else str(array.dtype)
    return TensorSpec(dtype, (-1, *array.shape[1:]), name)


def _mapping_schema(data: Mapping[Any, object]) -> Schema:
    arrays = {str(key): value for key, value in data.items() if isinstance(value, np.ndarray) and value.ndim}
    if arrays and len(arrays) == len(data):
        return Schema(tuple(_tensor(value, key) for key, value in arrays.items()))
    return Schema(tuple(ColumnSpec(infer_value(value), str(key), not is_null(value)) for key, value in data.items()))


def _array_type(array: np.ndarray[Any, Any]) -> ValueType:
    kind = dtype_type(array.dtype) if array.dtype.kind != "O" else _merge_all(map(infer_value, array.ravel().tolist()))
    for _ in range(array.ndim):
        kind = ArrayType(kind)
    return kind


def _merge_all(kinds: Iterable[ValueType]) -> ValueType:
    """One type for values of several; ``any`` where there is none, and unknown where there is no value."""
    merged: ValueType = _UNKNOWN
    for kind in kinds:
        # Repeated types are the rule in a column, and cost nothing more.
        if kind != merged:
            merged = _merge(merged, kind)
    return merged


def _settled(kind: ValueType) -> ValueType:
    """The type with ``any`` for what stayed unknown."""
    if isinstance(kind, ArrayType):
        return ArrayType(_settled(kind.items))
    if isinstance(kind, ObjectType):
        return ObjectType({key: Property(_settled(p.type), p.required) for key, p in kind.properties.items()})
    return AnyType() if isinstance(kind, _Unknown) else kind


def _merge(a: ValueType, b: ValueType) -> ValueType:
    if isinstance(a, _Unknown):
        return b
    if isinstance(b, _Unknown):
        return a
    if isinstance(a, ArrayType) and isinstance(b, ArrayType):
        return ArrayType(_merge(a.items, b.items))
    if isinstance(a, ObjectType) and isinstance(b, ObjectType):
        return _merge_objects(a, b)
    if isinstance(a, DataType) and isinstance(b, DataType):
        if a == b:
            return a
        ranks = [_NUMBERS.get(a, 0), _NUMBERS.get(b, 0)]
        if all(ranks):
            return a if ranks[0] > ranks[1] else b
    return AnyType()


_NUMBERS = {DataType.INTEGER: 1, DataType.LONG: 2, DataType.FLOAT: 3, DataType.DOUBLE: 4}


def _merge_objects(a: ObjectType, b: ObjectType) -> ObjectType:
    merged: dict[str, Property] = {}
    for key in {**a.properties, **b.properties}:
        left, right = a.properties.get(key), b.properties.get(key)
        if left is None or right is None:
            only = left or right
            merged[key] = Property(only.type if only else AnyType(), False)
        else:
            merged[key] = Property(_merge(left.type, right.type), left.required and right.required)
    return ObjectType(merged)


def _hint_integers() -> None:
    global _hinted
    if not _hinted:
        _hinted = True
        _log.info(
            "The signature has integer columns. Integers cannot hold missing values: if the column may miss some "
            "at prediction time, pass it as float64."
        )
