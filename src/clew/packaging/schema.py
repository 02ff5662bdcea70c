"""What a model takes and gives: columns, tensors and params, and their JSON in an MLmodel file.

Knows the vocabulary only; ``inference`` derives a schema from data, ``enforcement`` checks data against one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeAlias

import msgspec

from clew.errors import InvalidValue


class DataType(StrEnum):
    """Type of one value; the text is MLflow's.

    integer is 32 bits, long 64 bits, float 32 bits, double 64 bits, datetime has nanoseconds. In small letters the
    names are MLflow's, too.
    """

    BOOLEAN = "boolean"
    INTEGER = "integer"
    LONG = "long"
    FLOAT = "float"
    DOUBLE = "double"
    STRING = "string"
    BINARY = "binary"
    DATETIME = "datetime"

    boolean = BOOLEAN
    integer = INTEGER
    long = LONG
    float = FLOAT
    double = DOUBLE
    string = STRING
    binary = BINARY
    datetime = DATETIME


class AnyType(msgspec.Struct, frozen=True):
    """A value of any kind, null included."""


class ArrayType(msgspec.Struct, frozen=True):
    """A list of values of one type."""

    items: ValueType


class VectorType(ArrayType, frozen=True):
    """A vector of Spark ML; elsewhere a list of doubles."""

    items: ValueType = DataType.DOUBLE


class MapType(msgspec.Struct, frozen=True):
    """Texts to values of one type."""

    values: ValueType


class Property(msgspec.Struct, frozen=True):
    """One named part of an object."""

    type: ValueType
    required: bool = True


class ObjectType(msgspec.Struct, frozen=True):
    """Named parts, each with its own type."""

    properties: dict[str, Property]


ValueType: TypeAlias = DataType | AnyType | ArrayType | MapType | ObjectType


class ColumnSpec(msgspec.Struct, frozen=True):
    """One column.

    type: a :class:`DataType` (its text is taken too) or a composite type.
    name: column label; None where the data have no labels.
    required: whether the data must hold the column.
    """

    type: ValueType
    name: str | int | None = None
    required: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.type, str):
            msgspec.structs.force_setattr(self, "type", parse_data_type(self.type))


class TensorSpec(msgspec.Struct, frozen=True):
    """One n-dimensional array.

    dtype: numpy's name, e.g. ``float32``; an ``np.dtype`` is taken too.
    shape: -1 where the length is free; the first usually is.
    name: key in a mapping of arrays; None for a single array.
    """

    dtype: str
    shape: tuple[int, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        kind = getattr(self.dtype, "kind", "")
        if kind:
            name = {"U": "str", "S": "bytes"}.get(kind) or str(self.dtype)
            msgspec.structs.force_setattr(self, "dtype", name)
        msgspec.structs.force_setattr(self, "shape", tuple(self.shape))


class ParamSpec(msgspec.Struct, frozen=True):
    """One inference parameter.

    default: what counts when the caller gives none.
    shape: None for a single value, ``(-1,)`` for a list.
    """

    name: str
    type: ValueType
    default: object = None
    shape: tuple[int, ...] | None = None


class Schema(msgspec.Struct, frozen=True):
    """The inputs or outputs of a model: either all columns or all tensors.

    Raises:
        InvalidValue: columns and tensors are mixed, or only some of several inputs have names.
    """

    inputs: tuple[ColumnSpec, ...] | tuple[TensorSpec, ...]

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "inputs", tuple(self.inputs))
        if len({type(spec) for spec in self.inputs}) > 1:
            raise InvalidValue("A schema holds either columns or tensors, not both.")
        if len(self.inputs) > 1 and len({spec.name is None for spec in self.inputs}) > 1:
            raise InvalidValue("Either all inputs of a schema have names, or none.")

    @property
    def tensors(self) -> tuple[TensorSpec, ...]:
        """The tensors; empty for a schema of columns."""
        return tuple(spec for spec in self.inputs if isinstance(spec, TensorSpec))

    @property
    def columns(self) -> tuple[ColumnSpec, ...]:
        """The columns; empty for a schema of tensors."""
        return tuple(spec for spec in self.inputs if isinstance(spec, ColumnSpec))

    def input_names(self) -> list[str | int]:
        """Names in order; empty when the inputs have none."""
        return [spec.name for spec in self.inputs if spec.name is not None]

    def to_json(self) -> str:
        """The JSON text that an MLmodel file holds."""
        return json.dumps([_spec_to_dict(spec) for spec in self.inputs])

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """The schema that ``text`` describes.

        Raises:
            InvalidValue: not the JSON of a schema.
        """
        return cls(tuple(_spec_from_dict(entry) for entry in _entries(text, "schema")))  # type: ignore[arg-type]


class ParamSchema(msgspec.Struct, frozen=True):
    """All inference parameters of a model."""

    params: tuple[ParamSpec, ...]

    def to_json(self) -> str:
        """The JSON text that an MLmodel file holds."""
        return json.dumps([_param_to_dict(param) for param in self.params])

    @classmethod
    def from_json(cls, text: str) -> ParamSchema:
        """The params that ``text`` describes.

        Raises:
            InvalidValue: not the JSON of a param schema.
        """
        return cls(tuple(_param_from_dict(entry) for entry in _entries(text, "param schema")))


def parse_data_type(text: str) -> DataType:
    """The data type of that name.

    Raises:
        InvalidValue: no such type.
    """
    try:
        return DataType(text)
    except ValueError:
        known = ", ".join(DataType)
        raise InvalidValue(f"Unknown data type {text!r} in a schema; known are {known}.") from None


def type_to_dict(kind: ValueType) -> dict[str, object]:
    """``{"type": …}`` with the parts of composite types."""
    if isinstance(kind, VectorType):
        return {"type": "sparkml_vector"}
    if isinstance(kind, ArrayType):
        return {"type": "array", "items": type_to_dict(kind.items)}
    if isinstance(kind, MapType):
        return {"type": "map", "values": type_to_dict(kind.values)}
    if isinstance(kind, ObjectType):
        parts = {key: {**type_to_dict(p.type), "required": p.required} for key, p in sorted(kind.properties.items())}
        return {"type": "object", "properties": parts}
    return {"type": "any" if isinstance(kind, AnyType) else kind.value}


def type_from_dict(entry: Mapping[str, object]) -> ValueType:
    """The type that ``{"type": …}`` describes.

    Raises:
        InvalidValue: unknown type or missing parts.
    """
    kind = entry.get("type")
    if kind == "array":
        return ArrayType(type_from_dict(_part(entry, "items")))
    if kind == "sparkml_vector":
        return VectorType()
    if kind == "map":
        return MapType(type_from_dict(_part(entry, "values")))
    if kind == "any":
        return AnyType()
    if kind == "object":
        parts = _part(entry, "properties")
        return ObjectType({key: _property(parts, key) for key in parts})
    return parse_data_type(str(kind))


def describe_type(kind: ValueType) -> str:
    """The type in words for a message, e.g. ``array of long``."""
    if isinstance(kind, ArrayType):
        return f"array of {describe_type(kind.items)}"
    if isinstance(kind, MapType):
        return f"map of {describe_type(kind.values)}"
    if isinstance(kind, ObjectType):
        return "object"
    return "any" if isinstance(kind, AnyType) else kind.value


def _property(parts: Mapping[str, object], key: str) -> Property:
    part = _part(parts, key)
    return Property(type_from_dict(part), bool(part.get("required", True)))


def _part(entry: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = entry.get(key)
    if not isinstance(value, Mapping):
        raise InvalidValue(f"A schema's {entry.get('type', 'object')!r} type needs {key!r} as a JSON object.")
    return value


def _spec_to_dict(spec: ColumnSpec | TensorSpec) -> dict[str, object]:
    if isinstance(spec, TensorSpec):
        name = {} if spec.name is None else {"name": spec.name}
        return {**name, "type": "tensor", "tensor-spec": {"dtype": spec.dtype, "shape": list(spec.shape)}}
    name = {} if spec.name is None else {"name": spec.name}  # type: ignore[dict-item]
    return {**type_to_dict(spec.type), **name, "required": spec.required}


def _spec_from_dict(entry: Mapping[str, object]) -> ColumnSpec | TensorSpec:
    name = entry.get("name")
    if entry.get("type") == "tensor":
        spec = _part(entry, "tensor-spec")
        return TensorSpec(str(spec.get("dtype")), _shape(spec.get("shape")) or (), None if name is None else str(name))
    label = name if isinstance(name, str | int) else None
    required = entry.get("required", not entry.get("optional", False))
    return ColumnSpec(type_from_dict(entry), label, bool(required))


def _param_to_dict(param: ParamSpec) -> dict[str, object]:
    shape = list(param.shape) if param.shape else None
    return {"name": param.name, "default": param.default, "shape": shape, **type_to_dict(param.type)}


def _param_from_dict(entry: Mapping[str, object]) -> ParamSpec:
    kind = type_from_dict({**entry, "type": entry.get("type", entry.get("dtype"))})
    return ParamSpec(str(entry.get("name")), kind, entry.get("default"), _shape(entry.get("shape")))


def _shape(value: object) -> tuple[int, ...] | None:
    if value is None:
        return None
    if isinstance(value, Iterable) and not isinstance(value, str):
        sizes = tuple(value)
        if all(isinstance(size, int) for size in sizes):
            return sizes
    raise InvalidValue("A tensor's shape must be a list of integers.")


def _entries(text: str, noun: str) -> list[Mapping[str, object]]:
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise InvalidValue(f"A {noun} is not valid JSON: {error}.") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidValue(f"A {noun} must be a JSON list of objects.")
    return entries
