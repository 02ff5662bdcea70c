"""The checked tree: what a filter means, with every name resolved and every value of the right type.

A tree is made by ``parser.read_filter`` or by hand; ``text.write`` prints it, ``evaluate`` runs it in memory and
``storage.compile`` turns it into SQL.

**Truth has two values.** A comparison is false where its key is absent, ``NOT`` flips that.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Literal, TypeAlias

import msgspec


class FieldKind(StrEnum):
    """Where a field's value lives; the text is MLflow's word for it."""

    METRIC = "metric"
    PARAM = "parameter"
    TAG = "tag"
    ATTRIBUTE = "attribute"
    DATASET = "dataset"


class ValueType(StrEnum):
    """What a field can be compared with."""

    NUMBER = "number"
    INTEGER = "integer"
    TEXT = "text"
    MIXED = "mixed"
    """Text, or a number where the text is one: params."""


OPEN: Final = "?"
"""The summary of ``metrics.a.min`` as read: ``settle`` finds out whether that is a key, or the least value of ``a``."""

WORD_SUMMARIES: Final = ("min", "max", "first", "last", "mean", "count", "nans")
"""What may follow a metric after a dot; ``last`` is the latest value, which is also what no word means."""

CALL_SUMMARIES: Final = {"at": "at", "last": "tail"}
"""What may follow a metric with a number in brackets -> its name in a tree."""


class Field(msgspec.Struct, frozen=True):
    """What stands on the left of a comparison; name is the key, or the canonical name of an attribute.

    summary: of a metric's points: "" the latest value, min, max, first, mean, count, nans, at, tail or ``OPEN``.
    argument: the step of ``at``; how many points ``tail`` takes the mean of.
    """

    kind: FieldKind
    name: str
    type: ValueType
    summary: str = ""
    argument: int = 0


Value: TypeAlias = str | int | float
"""Numbers are float for metrics and params, int or float for attributes counted in milliseconds."""

Op: TypeAlias = Literal["=", "!=", ">", ">=", "<", "<=", "LIKE", "ILIKE", "RLIKE", "~"]

NUMBER_OPS: tuple[Op, ...] = ("=", "!=", ">", ">=", "<", "<=")
TEXT_OPS: tuple[Op, ...] = ("=", "!=", "LIKE", "ILIKE", "RLIKE", "~")
PATTERN_OPS: tuple[Op, ...] = ("LIKE", "ILIKE", "RLIKE", "~")


class Comparison(msgspec.Struct, frozen=True):
    """``field op value``. On a param, a number as value compares numbers; a text that is none makes it false."""

    field: Field
    op: Op
    value: Value


class InList(msgspec.Struct, frozen=True):
    """``field [NOT] IN (values)``; the negated form needs the key too. The values are all texts or all floats."""

    field: Field
    values: tuple[Value, ...]
    negated: bool = False


class IsNull(msgspec.Struct, frozen=True):
    """``field IS [NOT] NULL``: whether the key is absent."""

    field: Field
    negated: bool = False


class FreeText(msgspec.Struct, frozen=True):
    """A bare word: the name contains it in any case, or the id begins with it (see ``fields.Fields``)."""

    text: str


class And(msgspec.Struct, frozen=True):
    """All of two or more; none of them is an And."""

    items: tuple[Expr, ...]


class Or(msgspec.Struct, frozen=True):
    """Any of two or more; none of them is an Or."""

    items: tuple[Expr, ...]


class Not(msgspec.Struct, frozen=True):
    """The opposite."""

    item: Expr


Leaf: TypeAlias = Comparison | InList | IsNull | FreeText
Expr: TypeAlias = Leaf | And | Or | Not


def all_of(items: Iterable[Expr]) -> Expr | None:
    """The conjunction of ``items``, flat; None for no item, which means everything."""
    flat: list[Expr] = []
    for item in items:
        flat.extend(item.items if isinstance(item, And) else (item,))
    return flat[0] if len(flat) == 1 else And(tuple(flat)) if flat else None


def any_of(items: Iterable[Expr]) -> Expr:
    """The disjunction of one or more ``items``, flat."""
    flat: list[Expr] = []
    for item in items:
        flat.extend(item.items if isinstance(item, Or) else (item,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def leaves(expr: Expr | None) -> Iterable[Leaf]:
    """Every leaf, from left to right."""
    if isinstance(expr, And | Or):
        for item in expr.items:
            yield from leaves(item)
    elif isinstance(expr, Not):
        yield from leaves(expr.item)
    elif expr is not None:
        yield expr
