"""Arrow columns of a Spark stream as the data that a model takes.

All batches of a stream have the same types, so what fits the signature is decided at the first one; a later batch
costs the casts alone. The rules are those of ``enforcement``, told for Arrow's types.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew.errors import InvalidValue
from clew.packaging.enforcement import enforce_schema
from clew.packaging.schema import ColumnSpec, DataType, ObjectType, Schema, TensorSpec, describe_type

_UNFIT: Final = "The columns do not fit the model's signature: "
_TARGETS: Final[dict[DataType, Any]] = {
    DataType.BOOLEAN: pa.bool_(),
    DataType.INTEGER: pa.int32(),
    DataType.LONG: pa.int64(),
    DataType.FLOAT: pa.float32(),
    DataType.DOUBLE: pa.float64(),
    DataType.STRING: pa.string(),
    DataType.BINARY: pa.binary(),
    DataType.DATETIME: pa.timestamp("ns"),
}
# What goes into a type without loss. Large integers into double are checked by value, by Arrow's safe cast.
_TAKES: Final[dict[DataType, tuple[Any, ...]]] = {
    DataType.BOOLEAN: (pa.bool_(),),
    DataType.INTEGER: (pa.int8(), pa.int16(), pa.int32()),
    DataType.LONG: (pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    DataType.FLOAT: (pa.float32(), pa.int8(), pa.int16()),
    DataType.DOUBLE: (pa.float64(), pa.float32(), pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    DataType.STRING: (pa.string(), pa.large_string()),
    DataType.BINARY: (pa.binary(), pa.large_binary()),
}
_WITHOUT_NULL: Final = (DataType.BOOLEAN, DataType.INTEGER, DataType.LONG)
"""Types of which numpy has no null: a null is refused in a required column, and makes others masked."""

_VECTOR: Final = ["type", "size", "indices", "values"]
"""The fields of a Spark ML vector, which comes as a struct."""


class InputPlan:
    """How the columns of one stream become a model's input.

    arguments: the first batch: one array per argument of the UDF; a struct alone stands for its fields.
    schema: the model's inputs, or None.
    timezone: in which the timestamps of Spark are read, e.g. ``Europe/Berlin``.

    Raises:
        InvalidValue: columns miss or have types that do not fit; every fault is listed.
    """

    def __init__(self, arguments: tuple[Any, ...], schema: Schema | None, timezone: str) -> None:
        self._schema = schema if schema is not None and schema.inputs else None
        self._timezone = timezone
        self._spread = _is_spread(arguments, self._schema)
        names, arrays = self._columns(arguments)
        if names == _VECTOR:
            raise InvalidValue(
                f"{_UNFIT}a Spark ML vector given; pyspark.ml.functions.vector_to_array makes it an array."
            )
        if self._schema is None:
            self._picked = list(range(len(names)))
        elif self._schema.tensors:
            self._picked = self._pick_tensors(names)
        else:
            self._picked = self._pick(names, arrays)

    def data(self, arguments: tuple[Any, ...]) -> Any:
        """The model's input for one batch: a frame, an array, or a dict of arrays.

        Raises:
            InvalidValue: a value does not fit.
        """
        names, arrays = self._columns(arguments)
        if self._schema is None:
            return self._frame([self._local(array) for array in arrays], names)
        if self._schema.tensors:
            return self._tensors(names, arrays)
        specs = self._specs
        cast = [self._cast(arrays[at], spec) for at, spec in zip(self._picked, specs, strict=True)]
        labels = [at if spec.name is None else spec.name for at, spec in enumerate(specs)]
        frame = self._frame(cast, [str(label) for label in labels])
        if not all(isinstance(label, str) for label in labels):
            frame.columns = labels
        for spec, label, array in zip(specs, labels, cast, strict=True):
            if array.null_count and spec.type in _WITHOUT_NULL:
                frame[label] = _masked(array)
        composite = tuple(spec for spec in specs if not isinstance(spec.type, DataType))
        if composite:
            enforce_schema(frame, Schema(composite))
        return frame

    def _columns(self, arguments: tuple[Any, ...]) -> tuple[list[str], list[Any]]:
        if self._spread:
            fields = arguments[0].type
            return [fields.field(i).name for i in range(fields.num_fields)], arguments[0].flatten()
        known = self._schema.input_names() if self._schema else []
        names = [str(known[i]) if i < len(known) else str(i) for i in range(len(arguments))]
        return names, list(arguments)

    def _pick(self, names: list[str], arrays: list[Any]) -> list[int]:
        """The positions of the model's columns; sets the specs that they belong to."""
        assert self._schema is not None
        columns, faults = self._schema.columns, []
        if any(spec.name is None for spec in columns):
            if len(names) != len(columns):
                raise InvalidValue(f"{_UNFIT}{len(names)} columns given, {len(columns)} expected.")
            found = dict(enumerate(columns))
        else:
            places = {name: at for at, name in enumerate(names)}
            found = {places[str(spec.name)]: spec for spec in columns if str(spec.name) in places}
            missing = [spec.name for spec in columns if spec.required and str(spec.name) not in places]
            if missing:
                faults.append(f"missing columns {missing}, given are {names}")
        for at, spec in found.items():
            if not _takes(spec.type, arrays[at].type):
                faults.append(f"column {names[at]!r}: {arrays[at].type} given, {describe_type(spec.type)} expected")
        if faults:
            raise InvalidValue(_UNFIT + "; ".join(faults) + ".")
        self._specs = list(found.values())
        return list(found)

    def _cast(self, array: Any, spec: ColumnSpec) -> Any:
        kind = spec.type
        if not isinstance(kind, DataType):
            return array
        if spec.required and kind in _WITHOUT_NULL and array.null_count:
            raise InvalidValue(f"{_UNFIT}column {spec.name!r}: nulls given, {kind} expected.")
        if kind == DataType.DATETIME:
            array = self._local(array)
        target = _TARGETS[kind]
        if array.type == target or kind in (DataType.STRING, DataType.BINARY):
            return array
        try:
            return pc.cast(array, target)
        except pa.ArrowInvalid:
            why = "dates outside 1677 to 2262" if kind == DataType.DATETIME else "integers too large to be exact"
            raise InvalidValue(
                f"{_UNFIT}column {spec.name!r}: {array.type} with {why} given, {kind} expected."
            ) from None

    def _local(self, array: Any) -> Any:
        """Timestamps as the session's clock shows them, as pandas UDFs give them."""
        if pa.types.is_timestamp(array.type) and array.type.tz is not None:
            return pc.local_timestamp(array.cast(pa.timestamp(array.type.unit, self._timezone)))
        return array

    def _frame(self, arrays: list[Any], names: list[str]) -> Any:
        return pa.RecordBatch.from_arrays(arrays, names).to_pandas(maps_as_pydicts="strict")

    def _pick_tensors(self, names: list[str]) -> list[int]:
        assert self._schema is not None
        specs = self._schema.tensors
        if len(specs) == 1 and (specs[0].name is None or len(names) > 1 or not self._spread):
            return list(range(len(names)))
        missing = [spec.name for spec in specs if spec.name not in names]
        if missing:
            raise InvalidValue(f"{_UNFIT}missing columns {missing}, given are {names}.")
        return [names.index(str(spec.name)) for spec in specs]

    def _tensors(self, names: list[str], arrays: list[Any]) -> Any:
        assert self._schema is not None
        specs = self._schema.tensors
        if len(specs) > 1:
            pairs = zip(self._picked, specs, strict=True)
            return {spec.name: _tensor(arrays[at], spec, names[at]) for at, spec in pairs}
        spec = specs[0]
        if len(arrays) == 1:
            array = _tensor(arrays[0], spec, names[0])
        else:
            flat = TensorSpec(spec.dtype, (-1,))
            array = np.column_stack([_tensor(arrays[at], flat, names[at]) for at in self._picked])
            array = _shaped(array, spec, f"{len(arrays)} columns")
        return array if spec.name is None else {spec.name: array}


def _is_spread(arguments: tuple[Any, ...], schema: Schema | None) -> bool:
    """Whether the only argument is a struct whose fields are the columns."""
    if len(arguments) != 1 or not pa.types.is_struct(arguments[0].type):
        return False
    columns = schema.columns if schema is not None else ()
    if len(columns) != 1 or not isinstance(columns[0].type, ObjectType):
        return True
    fields = arguments[0].type
    return columns[0].name in {fields.field(i).name for i in range(fields.num_fields)}


def _takes(kind: Any, given: Any) -> bool:
    if not isinstance(kind, DataType) or pa.types.is_null(given):
        return True  # values of composite types are checked one by one
    if kind == DataType.DATETIME:
        return bool(pa.types.is_timestamp(given) or pa.types.is_date(given))
    return given in _TAKES[kind]


def _masked(array: Any) -> Any:
    import pandas

    kinds = {pa.bool_(): pandas.BooleanDtype(), pa.int32(): pandas.Int32Dtype(), pa.int64(): pandas.Int64Dtype()}
    return array.to_pandas(types_mapper=kinds.get)


def _tensor(column: Any, spec: TensorSpec, name: str) -> Any:
    """A column of numbers, or of lists of them, as an array of the spec's dtype and shape."""
    values, sizes = column, [len(column)]
    while pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        lengths = pc.min_max(pc.list_value_length(values)).as_py()
        if values.null_count or lengths["min"] != lengths["max"]:
            raise InvalidValue(f"{_UNFIT}column {name!r}: the arrays differ in length, or some are null.")
        sizes.append(lengths["max"])
        values = values.flatten()
    text = spec.dtype in ("str", "bytes")
    target = np.dtype(object if text else spec.dtype)
    if pa.types.is_nested(values.type) or pa.types.is_null(values.type):
        raise InvalidValue(f"{_UNFIT}column {name!r}: {column.type} given, numbers or arrays expected.")
    if values.null_count and target.kind != "f":
        raise InvalidValue(f"{_UNFIT}column {name!r}: nulls given, {spec.dtype} expected.")
    array = values.to_numpy(zero_copy_only=False)
    if text:
        array = array.astype(str if spec.dtype == "str" else bytes)
    elif np.can_cast(array.dtype, target, "same_kind"):
        array = array.astype(target, copy=False)
    else:
        raise InvalidValue(f"{_UNFIT}column {name!r}: {values.type} given, {spec.dtype} expected.")
    return _shaped(array.reshape(sizes), spec, f"column {name!r}")


def _shaped(array: Any, spec: TensorSpec, what: str) -> Any:
    """The array in the spec's shape; a row of one dimension is laid out in C order."""
    if array.ndim <= 2:
        try:
            return array.reshape((len(array), *spec.shape[1:]))
        except ValueError:
            pass
    elif array.ndim == len(spec.shape) and all(w in (-1, g) for w, g in zip(spec.shape, array.shape, strict=True)):
        return array
    raise InvalidValue(f"{_UNFIT}{what}: shape {list(array.shape)} given, {list(spec.shape)} expected.")
