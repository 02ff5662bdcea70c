"""Lenient reading of a JSON tree into a message: every oddity that MLflow's clients rely on.

The fast path of ``codec`` lets msgspec read clean requests; what it refuses comes here, is read
by MLflow's rules, or gets MLflow's error text with the place (``metrics[0].value``).
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from functools import cache
from math import isfinite
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect

from clew.errors import InvalidValue
from clew.wire.mlflow import Message, Twin

M = TypeVar("M", bound=Message)
_ABSENT: Any = object()
_INT64 = range(-(2**63), 2**63)
_ENUM_DIGITS = 10  # no enum has such a number, and Python refuses to read thousands of digits

# Numbers of the enums in MLflow's wire definition (rest_api facts, section 3).
_NUMBERS: dict[frozenset[str], dict[int, str]] = {
    frozenset(names.values()): names
    for names in (
        {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"},
        {1: "ACTIVE_ONLY", 2: "DELETED_ONLY", 3: "ALL"},
        {
            0: "LOGGED_MODEL_STATUS_UNSPECIFIED",
            1: "LOGGED_MODEL_PENDING",
            2: "LOGGED_MODEL_READY",
            3: "LOGGED_MODEL_UPLOAD_FAILED",
        },
        {1: "ACTIVE", 2: "DISABLED"},
        {1: "CREATED", 2: "UPDATED", 3: "DELETED", 4: "SET", 5: "EXCEEDED"},
        {
            1: "REGISTERED_MODEL",
            2: "MODEL_VERSION",
            3: "MODEL_VERSION_TAG",
            4: "MODEL_VERSION_ALIAS",
            5: "PROMPT",
            6: "PROMPT_VERSION",
            7: "PROMPT_TAG",
            8: "PROMPT_VERSION_TAG",
            9: "PROMPT_ALIAS",
            10: "BUDGET_POLICY",
        },
    )
}


def read_message(cls: type[M], tree: object) -> M:
    """``tree`` (decoded JSON, or texts from a query) as a message of type ``cls``.

    Raises:
        InvalidValue: a required field is missing, or a value is of a wrong type.
    """
    return cast(M, _struct(tree if isinstance(tree, dict) else {}, cls, ""))


def check_required(message: Message) -> None:
    """Refuse empty required texts, and let ``run_uuid`` stand in for ``run_id``.

    Raises:
        InvalidValue: a required text is empty.
    """
    if isinstance(message, Twin) and not message.run_id:
        if not message.run_uuid:
            raise missing("run_id")
        message.run_id = message.run_uuid
    for name in required_texts(type(message)):
        if not getattr(message, name):
            raise missing(name)


def missing(path: str) -> InvalidValue:
    """The error for an absent required field."""
    return InvalidValue(f"Missing value for required parameter '{path}'.")


def wrong_type(path: str, value: object) -> InvalidValue:
    """The error for a value of a wrong type."""
    try:
        shown = json.dumps(value, ensure_ascii=False)
    except RecursionError:  # it could just be read, and is written a little deeper
        shown = "[…]"
    if len(shown) > 200:
        shown = shown[:200] + "…"
    return InvalidValue(
        f"Invalid value {shown} for parameter '{path}' supplied: Hint: Value was of type '{type(value).__name__}'. "
        "See the API docs for more information about request parameters."
    )


@cache
def required_texts(cls: type[Message]) -> tuple[str, ...]:
    """Names of the required text fields of a message type."""
    return tuple(f.name for f in _fields(cls) if f.required and isinstance(f.type, inspect.StrType))


@cache
def list_fields(cls: type[Message]) -> frozenset[str]:
    """Names of the fields that hold lists."""
    return frozenset(f.name for f in _fields(cls) if isinstance(f.type, inspect.ListType))


@cache
def camel_names(cls: type[Message]) -> tuple[bytes, ...]:
    """The quoted lowerCamelCase spellings, at any depth, that differ from the field names."""
    found: set[bytes] = set()
    for field in _fields(cls):
        if "_" in field.name:
            found.add(f'"{_camel(field.name)}"'.encode())
        inner = field.type.item_type if isinstance(field.type, inspect.ListType) else _bare(field.type)
        if isinstance(inner, inspect.StructType):
            found.update(camel_names(inner.cls))
    return tuple(sorted(found))


@cache
def _fields(cls: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return info.fields


@cache
def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _bare(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        return next(t for t in kind.types if not isinstance(t, inspect.NoneType))
    return kind


def _struct(tree: dict[str, object], cls: type[msgspec.Struct], path: str) -> msgspec.Struct:
    values: dict[str, object] = {}
    for field in _fields(cls):
        raw = tree.get(field.name)
        if raw is None:
            raw = tree.get(_camel(field.name))
        where = path + field.name
        value = _ABSENT if raw is None else _value(raw, _bare(field.type), where)
        if value is not _ABSENT:
            values[field.name] = value
        elif field.required:
            raise missing(where)
    return cls(**values)


def _value(raw: object, kind: inspect.Type, path: str) -> object:
    reader = _READERS.get(type(kind))
    if reader is None:
        raise TypeError(f"no reader for {kind!r}")
    return reader(raw, kind, path)


def _read_struct(raw: object, kind: Any, path: str) -> object:
    if not isinstance(raw, dict):
        raise wrong_type(path, raw)
    return _struct(raw, kind.cls, path + ".")


def _read_list(raw: object, kind: Any, path: str) -> object:
    if not isinstance(raw, list):
        raise wrong_type(path, raw)
    of_texts = isinstance(kind.item_type, inspect.StrType)
    items = []
    for i, item in enumerate(raw):
        # experiment ids sent as numbers are understood, unlike elsewhere
        text = str(item) if of_texts and type(item) is int else item
        value = _ABSENT if text is None else _value(text, _bare(kind.item_type), f"{path}[{i}]")
        if value is not _ABSENT:
            items.append(value)
    return items


def _read_dict(raw: object, kind: Any, path: str) -> object:
    if not isinstance(raw, dict):
        raise wrong_type(path, raw)
    items = _bare(kind.value_type)
    return {str(k): None if v is None else _value(v, items, f"{path}.{k}") for k, v in raw.items()}


def _read_any(raw: object, _kind: Any, _path: str) -> object:
    return raw


def _read_text(raw: object, _kind: Any, path: str) -> object:
    if not isinstance(raw, str):
        raise wrong_type(path, raw)
    if "\x00" in raw:
        raise InvalidValue(f"Invalid {path}: it holds a NUL character, which no store can keep; remove it.")
    try:
        raw.encode()
    except UnicodeEncodeError:
        raise InvalidValue(f"'{path}' is not valid Unicode: it holds half of a surrogate pair.") from None
    return raw


def _read_int(raw: object, _kind: Any, path: str) -> object:
    value: object = raw
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            try:
                value = float(value)
            except ValueError:
                raise wrong_type(path, raw) from None
    if isinstance(value, float) and isfinite(value):
        value = int(value)
    if type(value) is not int or value not in _INT64:
        raise wrong_type(path, raw)
    return value


def _read_float(raw: object, _kind: Any, path: str) -> object:
    if not isinstance(raw, (int, float, str)):
        raise wrong_type(path, raw)
    try:
        return float(raw)
    except (ValueError, OverflowError):
        raise wrong_type(path, raw) from None


def _read_bool(raw: object, _kind: Any, path: str) -> object:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in ("true", "false"):
        return raw.lower() == "true"
    raise wrong_type(path, raw)


def _read_choice(raw: object, kind: Any, _path: str) -> object:
    # an enum in an annotation is its class, a Literal the tuple of its words
    cls: type[enum.Enum] | None = getattr(kind, "cls", None)
    words = tuple(str(m.value) for m in cls) if cls else kind.values
    word = raw
    if isinstance(raw, (int, str)) and str(raw).isdecimal() and len(str(raw)) < _ENUM_DIGITS:
        word = _NUMBERS.get(frozenset(words), {}).get(int(raw))
    if word not in words:
        return _ABSENT
    return cls(word) if cls else word


_READERS: dict[type, Callable[[object, Any, str], object]] = {
    inspect.StructType: _read_struct,
    inspect.ListType: _read_list,
    inspect.DictType: _read_dict,
    inspect.StrType: _read_text,
    inspect.IntType: _read_int,
    inspect.FloatType: _read_float,
    inspect.BoolType: _read_bool,
    inspect.EnumType: _read_choice,
    inspect.LiteralType: _read_choice,
    inspect.AnyType: _read_any,
}
