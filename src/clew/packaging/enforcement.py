"""Data checked and cast against a signature before a model sees them (models facts, section 3, our column).

Only casts that keep every value are made. All faults of one input come in one message, which names columns and
types and never shows the data.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from clew.errors import InvalidValue, MissingPackage
from clew.packaging import inference
from clew.packaging.schema import (
    AnyType,
    ArrayType,
    ColumnSpec,
    DataType,
    MapType,
    ObjectType,
    ParamSchema,
    ParamSpec,
    Schema,
    ValueType,
    describe_type,
)
from clew.packaging.tensors import cast_tensor

_log = logging.getLogger("clew.packaging")

# Which dtypes go into a type without loss: kinds and largest item size. int64 into double is checked by value.
_CASTS: dict[DataType, tuple[tuple[str, int], ...]] = {
    DataType.BOOLEAN: (("b", 1),),
    DataType.INTEGER: (("i", 4), ("u", 2)),
    DataType.LONG: (("i", 8), ("u", 4)),
    DataType.FLOAT: (("f", 4), ("i", 2), ("u", 2)),
    DataType.DOUBLE: (("f", 8), ("i", 8), ("u", 8)),
    DataType.DATETIME: (("M", 8),),
}
_TARGETS: dict[DataType, str] = {
    DataType.BOOLEAN: "bool",
    DataType.INTEGER: "int32",
    DataType.LONG: "int64",
    DataType.FLOAT: "float32",
    DataType.DOUBLE: "float64",
    DataType.DATETIME: "datetime64[ns]",
}
_INTEGERS = (DataType.INTEGER, DataType.LONG)


def enforce_schema(data: Any, schema: Schema) -> Any:
    """``data`` in the form that the schema promises to the model.

    Columns come back as a frame with the schema's columns in its order (a series stays a series where there is one
    column), tensors as an array or a dict of arrays.

    Raises:
        InvalidValue: columns miss, types do not fit without loss, or shapes differ; every fault is listed.
    """
    if not schema.inputs:
        return data
    return _enforce_tensors(data, schema) if schema.tensors else _enforce_columns(data, schema.columns)


def enforce_params(params: Mapping[str, object] | None, schema: ParamSchema | None) -> dict[str, object]:
    """All params of the schema with the caller's values over the defaults.

    Unknown names are left out with a warning, as MLflow does.

    Raises:
        InvalidValue: a value has the wrong type; every bad one is listed.
    """
    given = dict(params or {})
    specs = {spec.name: spec for spec in schema.params} if schema else {}
    if unknown := sorted(given.keys() - specs.keys()):
        _log.warning("Params %s are not in the model's signature and are ignored; known: %s.", unknown, sorted(specs))
    values: dict[str, object] = {}
    faults = []
    for name, spec in specs.items():
        if name not in given:
            values[name] = spec.default
            continue
        try:
            values[name] = _param(given[name], spec)
        except (TypeError, ValueError) as fault:
            faults.append(f"param {name!r}: {fault}")
    _refuse(faults)
    return values


def _refuse(faults: list[str]) -> None:
    if faults:
        raise InvalidValue("The input does not fit the model's signature: " + "; ".join(faults) + ".")


def _enforce_columns(data: Any, columns: tuple[ColumnSpec, ...]) -> Any:
    single = len(columns) == 1 and (inference.is_series(data) or (isinstance(data, list) and _flat(data)))
    named = all(spec.name is not None for spec in columns)
    frame = _to_frame(data, columns)
    faults: list[str] = []
    if named:
        present = {spec.name for spec in columns if spec.name in frame.columns}
        if missing := [spec.name for spec in columns if spec.required and spec.name not in present]:
            faults.append(f"missing columns {missing}")
        if extra := [label for label in frame.columns if label not in {spec.name for spec in columns}]:
            _log.debug("Columns %s are not in the model's signature and are left out.", extra)
        pairs = [(spec, spec.name) for spec in columns if spec.name in present]
    else:
        if len(frame.columns) != len(columns):
            raise InvalidValue(
                "The input does not fit the model's signature: "
                f"{len(frame.columns)} columns given, {len(columns)} expected."
            )
        pairs = list(zip(columns, frame.columns, strict=True))
    fitted: dict[Any, Any] = {}
    unchanged = [label for _, label in pairs] == list(frame.columns)
    for spec, label in pairs:
        series = frame[label]
        try:
            fitted[label] = _cast_column(series, spec)
            unchanged = unchanged and fitted[label] is series
        except ValueError as fault:
            faults.append(f"column {label!r}: {fault}")
    _refuse(faults)
    if isinstance(data, list) and not named and not single and len(columns) == 1:
        return data
    if single:
        return next(iter(fitted.values()))
    return frame if unchanged else _pandas().DataFrame(fitted, index=frame.index, columns=list(fitted))


def _flat(rows: list[Any]) -> bool:
    return not any(isinstance(row, Mapping | list | tuple | np.ndarray) for row in rows)


def _to_frame(data: Any, columns: tuple[ColumnSpec, ...]) -> Any:
    pandas = _pandas()
    if inference.is_frame(data):
        return data
    labels = [spec.name for spec in columns] if all(spec.name is not None for spec in columns) else None
    if inference.is_series(data):
        return data.to_frame(labels[0] if labels and len(labels) == 1 else data.name)
    if inference.is_sparse(data):
        _check_width(data.shape[1], columns)
        return pandas.DataFrame.sparse.from_spmatrix(data, columns=labels)
    if isinstance(data, Mapping):
        return pandas.DataFrame(data if _column_wise(data, columns) else [data])
    if isinstance(data, list) and data and all(isinstance(row, Mapping) for row in data):
        return pandas.DataFrame(data)
    if isinstance(data, np.ndarray | list | tuple):
        return _table_to_frame(pandas, data, columns, labels)
    if len(columns) == 1:
        return pandas.DataFrame({labels[0] if labels else 0: [data]})
    raise InvalidValue(
        f"The input does not fit the model's signature: a {type(data).__name__} was given; pass a pandas DataFrame, "
        "a dict of lists, a list of dicts or an array with one column per input."
    )


def _column_wise(data: Mapping[Any, Any], columns: tuple[ColumnSpec, ...]) -> bool:
    """Whether every entry holds one value per row, rather than the value of a single row."""
    kinds = {spec.name: spec.type for spec in columns}
    for key, values in data.items():
        if not (isinstance(values, list | tuple | np.ndarray) or inference.is_series(values)):
            return False
        first = next(iter(values), None)
        if isinstance(kinds.get(key), ArrayType) and not isinstance(first, list | tuple | np.ndarray | None):
            return False
    return True


def _table_to_frame(pandas: Any, data: Any, columns: tuple[ColumnSpec, ...], labels: list[Any] | None) -> Any:
    if len(columns) == 1 and isinstance(columns[0].type, ArrayType):
        rows = list(data)
        return pandas.DataFrame({labels[0] if labels else 0: pandas.Series(rows, dtype=object)})
    array = data if isinstance(data, np.ndarray) else None
    if array is not None and array.ndim > 2:
        raise InvalidValue(
            f"The input does not fit the model's signature: an array of {array.ndim} dimensions was given for columns."
        )
    frame = pandas.DataFrame(data if array is not None else list(data))
    _check_width(frame.shape[1], columns)
    if labels:
        frame.columns = labels
    return frame


def _check_width(width: int, columns: tuple[ColumnSpec, ...]) -> None:
    if width != len(columns):
        raise InvalidValue(
            f"The input does not fit the model's signature: {width} columns given, {len(columns)} expected "
            f"({[spec.name for spec in columns]})."
        )


def _pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise MissingPackage(
            "This model's signature has columns, which need pandas: pip install 'clew[pandas]'"
        ) from None
    return pandas


def _cast_column(series: Any, spec: ColumnSpec) -> Any:
    kind = spec.type
    if isinstance(kind, AnyType):
        return series
    if not isinstance(kind, DataType):
        return _cast_objects(series, kind)
    if type(series.dtype).__name__ == "CategoricalDtype":
        # Left as it is: a model that was trained on categories wants them, others take them for texts.
        _cast_column(series.dtype.categories.to_series(), ColumnSpec(kind))
        return series
    if kind in (DataType.STRING, DataType.BINARY):
        return _cast_texts(series, kind)
    return _cast_numbers(series, kind, spec.required)


def _cast_numbers(series: Any, kind: DataType, required: bool) -> Any:
    name = str(series.dtype)
    plain = _numpy_dtype(series.dtype)
    if plain is None or plain.kind == "O":
        return _cast_scalars(series, kind, required)
    if not any(plain.kind == k and plain.itemsize <= size for k, size in _CASTS[kind]):
        raise ValueError(f"{name} given, {kind} expected")
    if plain != series.dtype and series.isna().any() and kind != DataType.DATETIME:
        return _cast_masked(series, kind, required)
    if kind == DataType.DATETIME:
        return _cast_datetimes(series)
    target = np.dtype(_TARGETS[kind])
    if series.dtype == target or type(series.dtype).__name__ == "SparseDtype":
        return series
    converted = series.astype(target)
    wide = kind == DataType.DOUBLE and plain.kind in "iu" and plain.itemsize == 8
    if wide and not _exact_in_double(series.to_numpy(dtype=plain), converted.to_numpy()):
        raise ValueError(f"{name} given, double expected, and some integers are too large to be exact")
    return converted


def _cast_masked(series: Any, kind: DataType, required: bool) -> Any:
    if kind in _INTEGERS or kind == DataType.BOOLEAN:
        if required:
            raise ValueError(f"{series.dtype} with missing values given, {kind} expected")
        return series
    return series.astype("float64" if kind == DataType.DOUBLE else "float32")


def _exact_in_double(values: Any, doubles: Any) -> bool:
    """Whether every whole number of 64 bits came back from its double as it was."""
    top = 2.0**63 if values.dtype.kind == "i" else 2.0**64  # what is rounded up to it has no way back
    return bool((doubles < top).all()) and bool((doubles.astype(values.dtype) == values).all())


def _numpy_dtype(dtype: Any) -> Any:
    if isinstance(dtype, np.dtype):
        return dtype
    if type(dtype).__name__ == "DatetimeTZDtype":
        return np.dtype("datetime64[ns]")
    return getattr(dtype, "subtype", None) or getattr(dtype, "numpy_dtype", None)


def _cast_datetimes(series: Any) -> Any:
    if not isinstance(series.dtype, np.dtype):
        return series
    if series.dtype == np.dtype("datetime64[ns]"):
        return series
    try:
        return series.astype("datetime64[ns]")
    except (ValueError, OverflowError):
        raise ValueError(f"{series.dtype} given, datetime expected, and some dates lie outside 1677 to 2262") from None


def _cast_scalars(series: Any, kind: DataType, required: bool) -> Any:
    """A column of Python objects: every value must be of the type; nulls may stay where the type has them."""
    values = series.dropna()
    found = {describe_type(inference.infer_value(value)) for value in values}
    if not len(values) and kind not in _INTEGERS:
        return series.astype(_TARGETS[kind]) if kind in (DataType.FLOAT, DataType.DOUBLE) else series
    fits = found <= {kind.value} | _WIDER.get(kind, set()) and series.dtype == object
    if not fits or (len(values) < len(series) and kind in _INTEGERS and required):
        shown = ", ".join(sorted(found)) or "nulls only"
        nulls = " and nulls" if len(values) < len(series) else ""
        raise ValueError(f"{series.dtype} ({shown}{nulls}) given, {kind} expected")
    if len(values) < len(series) and kind in (*_INTEGERS, DataType.BOOLEAN):
        return series
    if kind == DataType.DATETIME:
        return _pandas().to_datetime(series)
    try:
        converted = series.astype(_TARGETS[kind])
    except OverflowError:
        converted = None
    pairs = () if converted is None else zip(values, converted.dropna(), strict=True)
    if converted is None or any(new != old for old, new in pairs if isinstance(old, int)):
        raise ValueError(f"{series.dtype} given, {kind} expected, and some integers are too large")
    return converted


_WIDER: dict[DataType, set[str]] = {
    DataType.LONG: {"integer"},
    DataType.DOUBLE: {"float", "integer", "long"},
}


def _cast_texts(series: Any, kind: DataType) -> Any:
    if kind == DataType.STRING and type(series.dtype).__name__ == "StringDtype":
        return series
    if series.dtype != object and len(series.dropna()):
        raise ValueError(f"{series.dtype} given, {kind} expected")
    wanted: Any = str if kind == DataType.STRING else bytes | bytearray
    if odd := {type(value).__name__ for value in series.dropna() if not isinstance(value, wanted)}:
        raise ValueError(f"{', '.join(sorted(odd))} values given, {kind} expected")
    return series


def _cast_objects(series: Any, kind: ValueType) -> Any:
    for value in series:
        if not inference.is_null(value):
            _check_value(value, kind)
    return series


def _check_value(value: object, kind: ValueType) -> None:
    """Raise ValueError where ``value`` is not of a type; nested parts included."""
    if isinstance(kind, AnyType):
        return
    if isinstance(kind, ArrayType) and isinstance(value, list | tuple | np.ndarray):
        for item in value:
            if not inference.is_null(item):
                _check_value(item, kind.items)
    elif isinstance(kind, MapType) and isinstance(value, Mapping):
        for item in value.values():
            _check_value(item, kind.values)
    elif isinstance(kind, ObjectType) and isinstance(value, Mapping):
        _check_object(value, kind)
    else:
        found = describe_type(inference.infer_value(value))
        if not isinstance(kind, DataType) or found not in {kind.value} | _WIDER.get(kind, set()):
            raise ValueError(f"{found} given, {describe_type(kind)} expected")


def _check_object(value: Mapping[Any, object], kind: ObjectType) -> None:
    if missing := [key for key, part in kind.properties.items() if part.required and inference.is_null(value.get(key))]:
        raise ValueError(f"keys {missing} are missing")
    for key, part in kind.properties.items():
        if not inference.is_null(value.get(key)):
            _check_value(value[key], part.type)


def _enforce_tensors(data: Any, schema: Schema) -> Any:
    tensors = schema.tensors
    if len(tensors) == 1 and tensors[0].name is None:
        try:
            return cast_tensor(data, tensors[0])
        except ValueError as fault:
            raise InvalidValue(f"The input does not fit the model's signature: {fault}.") from None
    if not (isinstance(data, Mapping) or inference.is_frame(data)):
        raise InvalidValue(
            "The input does not fit the model's signature: pass a dict of arrays with the names "
            f"{schema.input_names()}, not a {type(data).__name__}."
        )
    arrays, faults = {}, []
    for spec in tensors:
        if spec.name not in data:
            faults.append(f"tensor {spec.name!r} is missing")
            continue
        try:
            value = data[spec.name]
            arrays[spec.name] = cast_tensor(value.to_numpy() if inference.is_series(value) else value, spec)
        except ValueError as fault:
            faults.append(f"tensor {spec.name!r}: {fault}")
    _refuse(faults)
    return arrays


def _param(value: object, spec: ParamSpec) -> object:
    plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    if spec.shape is not None:
        if not isinstance(plain, list | tuple):
            raise ValueError(f"{type(value).__name__} given, a list of {describe_type(spec.type)} expected")
        return [_scalar_param(item, spec.type) for item in plain]
    return _scalar_param(plain, spec.type)


def _scalar_param(value: object, kind: ValueType) -> object:
    if not isinstance(kind, DataType):
        _check_value(value, kind)
        return value
    if kind == DataType.DATETIME and isinstance(value, str):
        return datetime.datetime.fromisoformat(value)
    integer = isinstance(value, int) and not isinstance(value, bool)
    number = cast("int", value) if integer else 0
    fits = {
        DataType.BOOLEAN: isinstance(value, bool),
        DataType.INTEGER: integer and -(2**31) <= number < 2**31,
        DataType.LONG: integer and -(2**63) <= number < 2**63,
        DataType.FLOAT: isinstance(value, float) or (integer and abs(number) <= 2**24),
        DataType.DOUBLE: isinstance(value, float) or (integer and abs(number) <= 2**53),
        DataType.STRING: isinstance(value, str),
        DataType.BINARY: isinstance(value, bytes | bytearray),
        DataType.DATETIME: isinstance(value, datetime.date),
    }
    if not fits[kind]:
        raise ValueError(f"{type(value).__name__} given, {kind} expected")
    return float(number) if integer and kind in (DataType.FLOAT, DataType.DOUBLE) else value
