"""Pages by key, not by number: sort columns, the condition "after that row", and the tokens that carry it.

A page is what follows the sort values of the last row shown, so a page stays right while rows are added before it,
and the 500th costs what the first does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import struct
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from clew.errors import InvalidValue
from clew.storage.compile import Binder

_VERSION: Final = 2
_INT64: Final = (-(2**63), 2**63 - 1)
_OWNER: Final = re.compile(r"[0-9]{1,15}\.[0-9a-f]{16}", re.ASCII)
_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")

Rank: TypeAlias = int
"""0 a value, 1 NaN, 2 missing: that order in both directions."""

Kind: TypeAlias = Literal["text", "float", "integer"]

Cut: TypeAlias = Sequence[tuple[Rank, Any]]
"""(rank, value) of each sort column in the last row of a page."""


class SortColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column to sort by.

    rank: expression of the rank; empty where every row has a value.
    """

    value: str
    kind: Kind
    rank: str = ""
    descending: bool = False


def select(columns: Sequence[SortColumn]) -> str:
    """The columns as a select list, named v0, r0, v1, …; a rank only where there is one."""
    items = []
    for i, column in enumerate(columns):
        items.append(f"{column.value} AS v{i}")
        if column.rank:
            items.append(f"{column.rank} AS r{i}")
    return ", ".join(items)


def order_by(columns: Sequence[SortColumn]) -> str:
    """The ORDER BY list over the names that :func:`select` gives."""
    items = []
    for i, column in enumerate(columns):
        if column.rank:
            items.append(f"r{i}")
        items.append(f"v{i} DESC" if column.descending else f"v{i}")
    return ", ".join(items)


def named(columns: Sequence[SortColumn]) -> list[SortColumn]:
    """The same columns, read from a table whose columns have the names that :func:`select` gives."""
    return [
        SortColumn(value=f"v{i}", kind=c.kind, rank=f"r{i}" if c.rank else "", descending=c.descending)
        for i, c in enumerate(columns)
    ]


def cut_of(columns: Sequence[SortColumn], row: Sequence[Any]) -> Cut:
    """The cut at a row whose cells are those of :func:`select`."""
    cut, at = [], 0
    for column in columns:
        rank = row[at + 1] if column.rank else 0
        cut.append((rank, row[at] if rank == 0 else None))
        at += 2 if column.rank else 1
    return cut


def after(columns: Sequence[SortColumn], cut: Cut, binder: Binder) -> str:
    """The condition that a row comes after ``cut``; the last column must tell all rows apart."""
    if not columns:
        return "FALSE"
    column, (rank, value) = columns[0], cut[0]
    tail = after(columns[1:], cut[1:], binder)
    if rank:
        return f"({column.rank} > {rank:d} OR ({column.rank} = {rank:d} AND {tail}))"
    sign, mark = "<" if column.descending else ">", binder.bind(value)
    if not column.rank:
        # The first half lets an index on the column find the start.
        return f"({column.value} {sign}= {mark} AND ({column.value} {sign} {mark} OR {tail}))"
    return (
        f"({column.rank} > 0 OR ({column.rank} = 0 AND"
        f" ({column.value} {sign} {mark} OR ({column.value} = {mark} AND {tail}))))"
    )


def ordered_code(value: float) -> int:
    """A 64-bit integer that sorts as ``value`` does, which is no NaN; unlike a float it goes through JSON unchanged."""
    (bits,) = struct.unpack("<q", struct.pack("<d", value + 0.0))  # -0.0 + 0.0 is 0.0
    return int(bits) if bits >= 0 else -(bits & _INT64[1])


def fingerprint(now_ms: int, *parts: object) -> str:
    """A short text that tells searches apart, and says when the first page was asked for."""
    return f"{now_ms}.{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"


def asked_at(token: str | None, now_ms: int) -> int:
    """What relative times count from: the moment that the token carries; ``now_ms`` for a first page.

    Raises:
        InvalidValue: the token is damaged.
    """
    if not token:
        return now_ms
    owner, _ = _opened(token)
    return int(owner.partition(".")[0])


def write_token(search: str, cut: Cut) -> str:
    """The token of the page after ``cut``.

    search: fingerprint of what is searched.
    """
    body = json.dumps([_VERSION, search, [[rank, value] for rank, value in cut]], separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode()


def read_token(token: str, search: str, columns: Sequence[SortColumn]) -> Cut:
    """The cut that a token carries.

    Raises:
        InvalidValue: the token is damaged, or belongs to another search.
    """
    owner, cells = _opened(token)
    if owner != search:
        raise InvalidValue(
            "Invalid page token: it belongs to another search. Repeat the filter, order and"
            " experiments that the first page was asked with, or start again without a token."
        )
    if len(cells) != len(columns) or not all(map(_fits, cells, columns)):
        raise InvalidValue(f"Invalid page token, parsed value={str(cells)[:200]}")
    return [(cell[0], cell[1]) for cell in cells]


def _opened(token: str) -> tuple[str, list[Any]]:
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidValue("Invalid page token, could not base64-decode") from None
    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidValue(f"Invalid page token, decoded value={raw[:200]!r}") from None
    match parsed:
        case [int(version), str(owner), list(cells)] if version == _VERSION and _OWNER.fullmatch(owner):
            return owner, cells
    raise InvalidValue(f"Invalid page token, parsed value={str(parsed)[:200]}")


def _fits(cell: object, column: SortColumn) -> bool:
    match cell:
        case [int(rank), None] if not isinstance(rank, bool):
            return bool(column.rank) and rank in (1, 2)
        case [0, str(text)]:
            return column.kind == "text" and "\x00" not in text and not _HALF_PAIR.search(text)
        case [0, bool()]:
            return False
        case [0, int(number)]:
            return column.kind == "integer" and _INT64[0] <= number <= _INT64[1]
        case [0, float(number)]:
            return column.kind == "float" and number == number
    return False
