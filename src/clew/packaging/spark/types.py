"""The result type of a UDF: read from what the caller says, or taken from the model's signature."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from clew.errors import InvalidValue, NotSupported
from clew.packaging.schema import ArrayType, DataType, MapType, ObjectType, Schema, TensorSpec, ValueType

_ALIASES: Final = {"bool": "boolean", "integer": "int", "str": "string", "text": "string"}
_SPARK: Final = {
    DataType.BOOLEAN: "boolean",
    DataType.INTEGER: "int",
    DataType.LONG: "bigint",
    DataType.FLOAT: "float",
    DataType.DOUBLE: "double",
    DataType.STRING: "string",
    DataType.BINARY: "binary",
    DataType.DATETIME: "timestamp",
}
_SCALARS: Final = frozenset(_SPARK.values())


def result_type(asked: Any, outputs: Schema | None) -> Any:
    """The Spark type of the predictions.

    asked: a ``DataType`` of Spark, its DDL text (``double``, ``array<float>``, ``a int, b double``), or None.
    outputs: the model's outputs, which decide where nothing is asked: one output gives its type, several a struct, a
        tensor of one dimension the type of its numbers. Without outputs it is double, as in MLflow.

    Raises:
        InvalidValue: no type of Spark's, or one that predictions cannot take.
        NotSupported: the signature's outputs have no type in Spark.
    """
    if asked is None:
        return _parse(_default(outputs))
    found = _parse(_ALIASES.get(asked.strip().lower(), asked)) if isinstance(asked, str) else asked
    _check(found, found)
    return found


def arrow_type(kind: Any) -> Any:
    """Arrow's type for a type of Spark's."""
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructField, StructType

    return to_arrow_schema(StructType([StructField("result", kind)]), timezone="UTC").field(0).type


def _parse(text: str) -> Any:
    from pyspark.errors import PySparkException
    from pyspark.sql.types import _parse_datatype_string

    try:
        return _parse_datatype_string(text)
    except PySparkException:
        raise InvalidValue(
            f"{text!r} is no type of Spark's; give e.g. 'double', 'array<float>' or 'label string, score double'."
        ) from None


def _check(kind: Any, whole: Any) -> None:
    name = kind.typeName()
    if name == "array":
        _check(kind.elementType, whole)
    elif name == "struct" and len(kind.fields):
        for field in kind.fields:
            _check(field.dataType, whole)
    elif name == "map" and kind.keyType.typeName() == "string":
        _check(kind.valueType, whole)
    elif kind.simpleString() not in _SCALARS:
        raise InvalidValue(
            f"Predictions cannot be of the type {whole.simpleString()}; it may be made of int, long, float, double, "
            "boolean, string, binary, timestamp, arrays, structs, and maps with texts as keys."
        )


def _default(outputs: Schema | None) -> str:
    if outputs is None or not outputs.inputs:
        return "double"
    kinds = [_tensor(spec) if isinstance(spec, TensorSpec) else _value(spec.type) for spec in outputs.inputs]
    if len(kinds) == 1:
        return kinds[0]
    given = outputs.input_names()
    names = [str(given[at]) if given else str(at) for at in range(len(kinds))]
    return _struct(names, kinds)


def _struct(names: list[str], kinds: list[str]) -> str:
    quoted = (name.replace("`", "``") for name in names)
    return f"struct<{', '.join(f'`{name}`: {kind}' for name, kind in zip(quoted, kinds, strict=True))}>"


def _value(kind: ValueType) -> str:
    if isinstance(kind, DataType):
        return _SPARK[kind]
    if isinstance(kind, ArrayType):
        return f"array<{_value(kind.items)}>"
    if isinstance(kind, MapType):
        return f"map<string, {_value(kind.values)}>"
    if isinstance(kind, ObjectType):
        return _struct(list(kind.properties), [_value(kind.properties[key].type) for key in kind.properties])
    raise NotSupported("The model's signature has an output of any type; give result_type.")


def _tensor(spec: TensorSpec) -> str:
    if spec.dtype in ("str", "bytes"):
        inner = "string" if spec.dtype == "str" else "binary"
    else:
        dtype = np.dtype(spec.dtype)
        size = dtype.itemsize
        inner = {"b": "boolean", "M": "timestamp", "f": "float" if size <= 4 else "double"}.get(dtype.kind, "")
        if dtype.kind in "iu":
            inner = "int" if size + (dtype.kind == "u") <= 4 else "bigint"
    if not inner:
        raise NotSupported(f"The model's signature has an output of {spec.dtype}; give result_type.")
    for _ in spec.shape[1:]:
        inner = f"array<{inner}>"
    return inner
