"""A filter without what is costly to know: true wherever the filter is true, and of as few others as possible.

History fields, whose values must be computed, are looked up only for the runs that the relaxed filter leaves. What
stands in for a comparison of one is that the run has the metric, and for ``at`` also that its least and greatest
value allow it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from clew.query.ast import And, Comparison, Expr, Field, FreeText, IsNull, Leaf, Not, Or, all_of, any_of

Costly = Callable[[Field], bool]

_BOUND: Final = {"<": "min", "<=": "min", ">": "max", ">=": "max"}


def relax(expr: Expr | None, costly: Costly) -> Expr | None:
    """The relaxed form of ``expr``; None where it lets everything pass.

    Of a run that it drops, ``expr`` is false even when every costly field is taken as absent.
    """
    if expr is None:
        return None
    relaxed = _bounded(expr, costly, upper=True)
    return None if isinstance(relaxed, bool) else relaxed


def has_metric(field: Field) -> Expr:
    """That a run has the metric of ``field`` at all."""
    return IsNull(msgspec.structs.replace(field, summary="", argument=0), negated=True)


def _bounded(expr: Expr, costly: Costly, *, upper: bool) -> Expr | bool:
    """What is implied by ``expr``, or, if not upper, implies it."""
    if isinstance(expr, Not):
        inner = _bounded(expr.item, costly, upper=not upper)
        return not inner if isinstance(inner, bool) else Not(inner)
    if isinstance(expr, And | Or):
        deciding = isinstance(expr, Or)  # the constant that settles the whole
        parts = [_bounded(item, costly, upper=upper) for item in expr.items]
        if any(part is deciding for part in parts):
            return deciding
        kept = [part for part in parts if not isinstance(part, bool)]
        if not kept:
            return not deciding
        return any_of(kept) if deciding else all_of(kept) or True
    if isinstance(expr, FreeText) or not costly(expr.field):
        return expr
    return _implied(expr) if upper else False


def _implied(leaf: Leaf) -> Expr | bool:
    if isinstance(leaf, FreeText) or (isinstance(leaf, IsNull) and not leaf.negated):
        return True
    if isinstance(leaf, Comparison) and leaf.field.summary == "at" and leaf.op in _BOUND:
        bound = msgspec.structs.replace(leaf.field, summary=_BOUND[leaf.op], argument=0)
        return Comparison(bound, leaf.op, leaf.value)
    return has_metric(leaf.field)
