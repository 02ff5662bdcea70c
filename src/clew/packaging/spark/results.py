"""A model's answer as one Arrow array of the type that the UDF promised to Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.errors import InvalidValue
from clew.packaging import inference


def to_arrow(predictions: Any, rows: int, wanted: Any, timezone: str = "UTC") -> Any:
    """One value of the type ``wanted`` per row.

    predictions: array, series, frame, list, dict of columns, sparse matrix, or a number for a single row.
    rows: how many the model was given.
    wanted: an Arrow type: a scalar takes the left-most column that fits, a list all that fit, a struct the columns of
        its names, a map every column by name.
    timezone: of datetimes without one.

    Raises:
        InvalidValue: nothing in the predictions has the type, or they have another number of rows.
    """
    found = _Result(predictions, timezone).convert(wanted)
    if len(found) != rows:
        raise InvalidValue(f"The model answered {len(found)} rows for {rows}; it must answer each row by one.")
    return found


class _Result:
    """Predictions, taken apart into columns.

    columns: name -> values; whole: the array of all, where the predictions are one with at least two dimensions.
    rows: dicts, where the predictions are a list of them.
    """

    def __init__(self, predictions: Any, timezone: str) -> None:
        self._timezone = timezone
        self._whole: Any = None
        self._rows: Sequence[Any] | None = None
        self._named = True
        self._columns = self._split(predictions)

    def _split(self, found: Any) -> dict[str, Any]:
        if inference.is_frame(found):
            return {str(name): found.iloc[:, at] for at, name in enumerate(found.columns)}
        if inference.is_series(found):
            return {"0" if found.name is None else str(found.name): found}
        if isinstance(found, Mapping):
            return {str(name): values for name, values in found.items()}
        if isinstance(found, Sequence) and not isinstance(found, str | bytes):
            if found and all(isinstance(row, Mapping) for row in found):
                self._rows = found
                return _keys(found)
            found = _rectangular(found)
        if inference.is_sparse(found):
            found = found.toarray()
        self._named = False
        if hasattr(found, "_from_sequence"):  # pandas' masked and other arrays, whose nulls numpy has not
            return {"0": found}
        if hasattr(found, "__array__") and np.ndim(found):
            found = np.asarray(found)
            if found.ndim > 1:
                self._whole = found
                found = found.reshape(len(found), -1)
                return {str(at): found[:, at] for at in range(found.shape[1])}
            return {"0": found}
        return {"0": found if isinstance(found, list) else [found]}

    def convert(self, wanted: Any) -> Any:
        """The predictions in the type."""
        if pa.types.is_list(wanted):
            return self._lists(wanted)
        if pa.types.is_struct(wanted):
            return self._struct(wanted)
        if pa.types.is_map(wanted):
            return self._maps(wanted)
        for values in self._columns.values():
            array = self._scalars(values, wanted)
            if array is not None:
                return array
        raise self._unfit(wanted)

    def _unfit(self, wanted: Any) -> InvalidValue:
        given = ", ".join(f"{name}: {_kind(values)}" for name, values in list(self._columns.items())[:10])
        cure = "result_type='long' takes it" if wanted == pa.int32() and "int64" in given else "choose another one"
        return InvalidValue(f"Nothing that the model answered ({given}) fits the result type {wanted}; {cure}.")

    def _scalars(self, values: Any, wanted: Any) -> Any:
        """A column in a scalar type; None where it does not fit."""
        if pa.types.is_string(wanted):
            return _texts(values)
        array = _arrow(values)
        if array is None or not _fits(array.type, wanted):
            return None
        if pa.types.is_timestamp(wanted) and pa.types.is_timestamp(array.type) and array.type.tz is None:
            array = pc.assume_timezone(array, self._timezone)
        return array if array.type == wanted else array.cast(wanted, safe=False)

    def _lists(self, wanted: Any) -> Any:
        inner = wanted.value_type
        if self._whole is not None and not pa.types.is_string(inner) and not pa.types.is_struct(inner):
            nested = _nested(self._whole, wanted)
            if nested is not None:
                return nested
        for values in self._columns.values():
            array = _arrow(values)
            if array is not None and (pa.types.is_list(array.type) or pa.types.is_large_list(array.type)):
                return _typed(values, wanted) if array.type != wanted else array
        parts = [part for part in (self._scalars(v, inner) for v in self._columns.values()) if part is not None]
        if not parts:
            raise self._unfit(wanted)
        rows = len(parts[0])
        order = np.arange(rows * len(parts)).reshape(len(parts), rows).T.ravel()
        offsets = pa.array(np.arange(rows + 1, dtype=np.int32) * len(parts))
        return pa.ListArray.from_arrays(offsets, pa.concat_arrays(parts).take(pa.array(order))).cast(wanted)

    def _struct(self, wanted: Any) -> Any:
        fields = [wanted.field(i) for i in range(wanted.num_fields)]
        columns = self._columns
        if not self._named and len(columns) == len(fields):
            columns = dict(zip((field.name for field in fields), columns.values(), strict=True))
        if missing := [field.name for field in fields if field.name not in columns]:
            raise InvalidValue(
                f"The model answered the columns {sorted(columns)}; the result type asks for {missing}, too."
            )
        parts = [_Result({field.name: columns[field.name]}, self._timezone).convert(field.type) for field in fields]
        return pa.StructArray.from_arrays(parts, fields=fields)

    def _maps(self, wanted: Any) -> Any:
        columns = self._columns
        found = self._rows or (list(next(iter(columns.values()))) if len(columns) == 1 else ["no dict"])
        if all(row is None or isinstance(row, Mapping) for row in found):
            return _typed([None if row is None else list(row.items()) for row in found], wanted)
        rows = zip(*(np.asarray(values).tolist() for values in columns.values()), strict=True)
        return _typed([list(zip(columns, row, strict=True)) for row in rows], wanted)


def _keys(rows: Sequence[Mapping[Any, Any]]) -> dict[str, Any]:
    """The columns of a list of dicts; None where a row lacks a key."""
    return {str(key): [row.get(key) for row in rows] for key in dict.fromkeys(key for row in rows for key in row)}


def _rectangular(rows: Sequence[Any]) -> Any:
    """Rows of one length as an array; others as they are."""
    if not rows or np.isscalar(rows[0]) or rows[0] is None:
        return list(rows)
    try:
        array = np.asarray(rows)
    except ValueError:  # numpy's word for rows of different lengths
        return list(rows)
    return list(rows) if array.dtype.kind == "O" else array


def _arrow(values: Any) -> Any:
    """A column as Arrow has it, NaN as null; None where it is a mix."""
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return None
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _typed(values: Any, wanted: Any) -> Any:
    try:
        array = pa.array(values, wanted, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as fault:
        raise InvalidValue(f"What the model answered does not fit the result type {wanted}: {fault}.") from None
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _kind(values: Any) -> str:
    array = _arrow(values)
    return "mixed" if array is None else str(array.type)


def _fits(given: Any, wanted: Any) -> bool:
    if given == wanted or pa.types.is_null(given):
        return True
    if pa.types.is_integer(wanted):
        if not pa.types.is_integer(given):
            return False
        signed = pa.types.is_signed_integer(given)
        return bool(given.bit_width <= wanted.bit_width if signed else given.bit_width < wanted.bit_width)
    if pa.types.is_floating(wanted):
        return bool(pa.types.is_integer(given) or pa.types.is_floating(given))
    if pa.types.is_timestamp(wanted):
        return bool(pa.types.is_timestamp(given) or pa.types.is_date(given))
    return bool(pa.types.is_binary(wanted) and pa.types.is_large_binary(given))


def _texts(values: Any) -> Any:
    """Every value as Python writes it."""
    array = _arrow(values)
    if array is not None and (pa.types.is_integer(array.type) or pa.types.is_string(array.type)):
        return array.cast(pa.string())
    return pa.array([None if inference.is_null(value) else str(value) for value in values], pa.string())


def _nested(array: Any, wanted: Any) -> Any:
    """An array of n dimensions as lists of lists; None where depth or kind differ."""
    inner, depth = wanted, 1
    while pa.types.is_list(inner):
        inner, depth = inner.value_type, depth + 1
    if depth != array.ndim:
        return None
    flat = pa.array(np.ascontiguousarray(array).reshape(-1))
    if not _fits(flat.type, inner):
        return None
    nested = flat.cast(inner, safe=False)
    for size in reversed(array.shape[1:]):
        count = len(nested) // size if size else 0
        nested = pa.ListArray.from_arrays(pa.array(np.arange(count + 1, dtype=np.int32) * size), nested)
    return nested.cast(wanted)
