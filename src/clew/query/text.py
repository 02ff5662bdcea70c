"""A checked tree as text that reads back to the same tree."""

from __future__ import annotations

import re

from clew.query.ast import (
    OPEN,
    WORD_SUMMARIES,
    And,
    Expr,
    Field,
    FieldKind,
    FreeText,
    InList,
    IsNull,
    Not,
    Or,
    Value,
)
from clew.query.fields import Fields

_PLAIN = re.compile(r"[\w.]+")


def write_filter(expr: Expr | None, fields: Fields) -> str:
    """``expr`` in the filter language; the empty text for None.

    Keys may hold no backtick, which no stored key does.
    """
    return "" if expr is None else _expr(expr, fields)


def write_key(field: Field, fields: Fields) -> str:
    """The name of ``field`` as a filter or an order would write it."""
    if field.kind is FieldKind.ATTRIBUTE:
        return _quoted(field.name)
    prefix = fields.written[field.kind]
    if field.kind is not FieldKind.METRIC or not fields.summaries or field.summary == OPEN:
        return f"{prefix}.{_quoted(field.name)}"
    # Without quotes, a word after a dot might be read as a summary, and a summary as part of the name.
    key = _quoted(field.name, always=bool(field.summary) or field.name.rpartition(".")[2] in WORD_SUMMARIES)
    return f"{prefix}.{key}{_suffix(field)}"


def _suffix(field: Field) -> str:
    if field.summary == "at":
        return f".at({field.argument})"
    if field.summary == "tail":
        return f".last({field.argument})"
    return f".{field.summary}" if field.summary else ""


def _quoted(name: str, *, always: bool = False) -> str:
    return name if not always and _PLAIN.fullmatch(name) else f"`{name}`"


def quote(text: str) -> str:
    """``text`` as a string of the filter language."""
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"E'{escaped}'"


def _expr(expr: Expr, fields: Fields) -> str:
    if isinstance(expr, And):
        return " AND ".join(_part(item, fields, Or) for item in expr.items)
    if isinstance(expr, Or):
        # AND binds closer, but people forget which does; a bare word after OR is refused as a likely slip.
        return " OR ".join(_part(item, fields, And, FreeText) for item in expr.items)
    if isinstance(expr, Not):
        return f"NOT {_part(expr.item, fields, And, Or)}"
    if isinstance(expr, FreeText):
        return quote(expr.text)
    key = write_key(expr.field, fields)
    if isinstance(expr, IsNull):
        return f"{key} IS {'NOT ' if expr.negated else ''}NULL"
    if isinstance(expr, InList):
        values = ", ".join(_value(value) for value in expr.values)
        return f"{key} {'NOT ' if expr.negated else ''}IN ({values})"
    return f"{key} {expr.op} {_value(expr.value)}"


def _part(item: Expr, fields: Fields, *wrapped: type) -> str:
    text = _expr(item, fields)
    return f"({text})" if isinstance(item, wrapped) else text


def _value(value: Value) -> str:
    return quote(value) if isinstance(value, str) else repr(value)
