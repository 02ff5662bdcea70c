"""``order_by``: one key and a direction per text.

Whatever the direction, values come first, then NaN, then entities without the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from clew.errors import InvalidFilter
from clew.query.ast import Field, FieldKind
from clew.query.fields import MODELS, Fields
from clew.query.parser import resolve_key
from clew.query.syntax import Key, parse_key

_WHAT = "order_by clause"

MAX_KEYS = 20
"""Sort keys in one search."""


class Order(msgspec.Struct, frozen=True):
    """One sort key.

    dataset_name, dataset_digest: for metrics of logged models, the dataset they were measured on; None for any.
    """

    field: Field
    descending: bool = False
    dataset_name: str | None = None
    dataset_digest: str | None = None


def read_order(texts: Sequence[str], fields: Fields) -> tuple[Order, ...]:
    """The sort keys of ``key [ASC|DESC]`` texts, most significant first.

    Raises:
        InvalidFilter: a text cannot be read, names what cannot be sorted by, or repeats a key.
    """
    orders: list[Order] = []
    for text in texts:
        if len(orders) == MAX_KEYS:
            raise InvalidFilter(text, 0, f"a search may have {MAX_KEYS} sort keys", "fewer", what=_WHAT)
        try:
            orders.append(_order(text, fields))
        except InvalidFilter as error:
            raise InvalidFilter(text, error.position, error.problem, error.expected, what=_WHAT) from None
        _refuse_repeat(orders, text)
    return tuple(orders)


def model_order(
    field_name: str,
    *,
    ascending: bool = True,
    dataset_name: str | None = None,
    dataset_digest: str | None = None,
) -> Order:
    """The sort key of one ``order_by`` object of the logged-model search.

    Raises:
        InvalidFilter: the field is unknown, or a dataset is given for something other than a metric.
    """
    entity, dot, name = field_name.partition(".")
    try:
        field = resolve_key(field_name, Key(entity if dot else None, name if dot else entity, field_name, 0), MODELS)
    except InvalidFilter:
        field = None
    if field is None or field.kind not in MODELS.sortable:
        raise InvalidFilter(field_name, 0, f"Invalid order by field name: {field_name}", what=_WHAT)
    if (dataset_name or dataset_digest) and field.kind is not FieldKind.METRIC:
        raise InvalidFilter(field_name, 0, "dataset_name and dataset_digest go with metrics only", what=_WHAT)
    if dataset_digest and not dataset_name:
        raise InvalidFilter(field_name, 0, "dataset_digest needs dataset_name too", what=_WHAT)
    return Order(field, not ascending, dataset_name or None, dataset_digest or None)


def refuse_repeats(orders: Iterable[Order]) -> None:
    """Raise InvalidFilter when two orders have the same key."""
    seen: list[Order] = []
    for order in orders:
        seen.append(order)
        _refuse_repeat(seen, order.field.name)


def _refuse_repeat(orders: list[Order], text: str) -> None:
    last = orders[-1]
    if any(o.field == last.field and o.dataset_name == last.dataset_name for o in orders[:-1]):
        raise InvalidFilter(text, 0, "the same key is given twice in order_by", "each key once", what=_WHAT)


def _order(text: str, fields: Fields) -> Order:
    unparsed = f"Invalid order_by clause '{text}'. Could not be parsed"
    try:
        key, rest = parse_key(text)
    except InvalidFilter as error:
        raise InvalidFilter(text, error.position, unparsed, error.expected or "key [ASC|DESC]") from None
    if len(rest) > 1:
        raise InvalidFilter(text, rest[0].start, unparsed, "one key and one direction per text")
    if rest and (rest[0].kind != "word" or rest[0].value.upper() not in ("ASC", "DESC")):
        problem = f"Invalid ordering key in order_by clause '{text}'"
        raise InvalidFilter(text, rest[0].start, problem, "ASC or DESC")
    field = resolve_key(text, key, fields)
    if field.kind not in fields.sortable:
        names = ", ".join(sorted(kind.value for kind in fields.sortable))
        raise InvalidFilter(
            text, key.position, f"Invalid order_by entity: {fields.noun}s do not sort by {field.kind}", names
        )
    return Order(field, bool(rest) and rest[0].value.upper() == "DESC")
