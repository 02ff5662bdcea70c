"""A checked tree as plain lists and dictionaries, for whoever shows a filter as parts."""

from __future__ import annotations

import math
from typing import Any

from clew.query.ast import And, Expr, Field, FreeText, InList, IsNull, Not, Or, Value


def describe(expr: Expr) -> dict[str, Any]:
    """``expr`` as ``{and: […]}``, ``{or: […]}``, ``{not: …}``, ``{text}`` or ``{field, op, value | values}``.

    Infinite numbers are the texts ``Infinity`` and ``-Infinity``.
    """
    if isinstance(expr, And | Or):
        return {"and" if isinstance(expr, And) else "or": [describe(item) for item in expr.items]}
    if isinstance(expr, Not):
        return {"not": describe(expr.item)}
    if isinstance(expr, FreeText):
        return {"text": expr.text}
    field = _field(expr.field)
    if isinstance(expr, IsNull):
        return {"field": field, "op": "IS NOT NULL" if expr.negated else "IS NULL"}
    if isinstance(expr, InList):
        values = [_value(value) for value in expr.values]
        return {"field": field, "op": "NOT IN" if expr.negated else "IN", "values": values}
    return {"field": field, "op": expr.op, "value": _value(expr.value)}


def _field(field: Field) -> dict[str, Any]:
    known = {"kind": field.kind.value, "name": field.name, "type": field.type.value}
    if field.summary:
        return known | {"summary": field.summary, "argument": field.argument}
    return known


def _value(value: Value) -> Value:
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
