"""Whether ``metrics.reward.mean`` is a metric's name or a metric's mean: the one thing that only the data can tell.

To MLflow only the first dot separates. So a text without quotes names the metric of exactly that name, if any of the
searched experiments has one, and a summary of the shorter name otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from clew.query.ast import OPEN, And, Expr, Field, FreeText, Not, Or, leaves
from clew.query.order import Order


def open_names(expr: Expr | None, orders: Iterable[Order] = ()) -> list[str]:
    """The names to be looked up: what stands after ``metrics.`` where it could be a key or a summary."""
    return sorted({field.name for field in fields_of(expr, orders) if field.summary == OPEN})


def fields_of(expr: Expr | None, orders: Iterable[Order] = ()) -> list[Field]:
    """Every field that a filter and its order name, from left to right."""
    asked = [leaf.field for leaf in leaves(expr) if not isinstance(leaf, FreeText)]
    return asked + [order.field for order in orders]


def settle(expr: Expr | None, existing: Collection[str]) -> Expr | None:
    """``expr`` with every open name read as a key if it is in ``existing``, else as a summary."""
    return None if expr is None else _mapped(expr, lambda field: settle_field(field, existing))


def settle_orders(orders: Sequence[Order], existing: Collection[str]) -> tuple[Order, ...]:
    """The same for sort keys."""
    return tuple(msgspec.structs.replace(order, field=settle_field(order.field, existing)) for order in orders)


def settle_field(field: Field, existing: Collection[str]) -> Field:
    """The same for one field."""
    if field.summary != OPEN:
        return field
    if field.name in existing:
        return Field(field.kind, field.name, field.type)
    name, _, word = field.name.rpartition(".")
    return Field(field.kind, name, field.type, "" if word == "last" else word)


def _mapped(expr: Expr, change: Callable[[Field], Field]) -> Expr:
    if isinstance(expr, And | Or):
        return type(expr)(tuple(_mapped(item, change) for item in expr.items))
    if isinstance(expr, Not):
        return Not(_mapped(expr.item, change))
    if isinstance(expr, FreeText):
        return expr
    return msgspec.structs.replace(expr, field=change(expr.field))
