"""What a search sorts by: keys of every row for comparing, and cells of some for page tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.entities.run import RunStatus
from clew.query.ast import Field, FieldKind
from clew.query.order import Order
from clew.storage.columns.arrays import Rows
from clew.storage.columns.column import MISSING, NAN, VALUE, NumberColumn, TextColumn
from clew.storage.columns.seen import Seen
from clew.storage.columns.select import halves_of, run_ids
from clew.storage.columns.table import RunTable
from clew.storage.pointvalues import needs_points
from clew.storage.status import status_number

Keys = NDArray[Any]
Classes = NDArray[np.int8]
Cell = tuple[int, Any]
"""Class and value of one sort column in one row, as page tokens carry it."""

NO_CELL: Final[Cell] = (VALUE, None)

_RANK_OF_STATUS: Final = np.zeros(8, np.int64)
for _rank, _status in enumerate(sorted(RunStatus, key=lambda status: status.value)):
    _RANK_OF_STATUS[status_number(_status)] = _rank


class SortKey(msgspec.Struct, frozen=True):
    """One number per row: rows of class VALUE come in ascending order of it, then NAN, then MISSING.

    classes: None where every row has a value. cut: class and number of the row after which a page starts.
    """

    keys: Keys
    classes: Classes | None = None
    cut: Cell = (VALUE, 0)


class SortedBy(Protocol):
    """One sort column of a table."""

    def keys(self, cell: Cell, descending: bool) -> list[SortKey]:
        """What to compare, most significant first. cell: that of the row after which the page starts."""
        ...

    def cells(self, rows: Rows) -> list[Cell]:
        """The cells of some rows."""
        ...


def sorted_by(seen: Seen, orders: Sequence[Order]) -> list[tuple[SortedBy, bool]]:
    """The sort columns of a search and whether each descends: what was asked, then the newest, then by id."""
    asked = [(_sorted_by(seen, order.field), order.descending) for order in orders]
    return [*asked, (_Integers(seen.table.start_ms.array), True), (_RunIds(seen.table), False)]


def _sorted_by(seen: Seen, field: Field) -> SortedBy:
    table = seen.table
    if field.kind is FieldKind.ATTRIBUTE:
        match field.name:
            case "status":
                return _Integers(_RANK_OF_STATUS[table.status.array])
            case "start_time":
                return _Integers(table.start_ms.array)
            case "end_time":
                return _Integers(table.end_ms.array, np.where(table.ended.array, VALUE, MISSING).astype(np.int8))
            case "run_id":
                return _RunIds(table)
            case "run_name":
                return _Texts(table.names)
            case "user_id":
                return _Texts(table.users)
    column: NumberColumn | TextColumn = seen.column(field)
    if isinstance(column, TextColumn):
        return _Texts(column)
    # What SQL computes goes through its page tokens as a code; the tokens of both are the same.
    return _Integers(_codes(column), _classes(column)) if needs_points(field) else _Numbers(column)


def _classes(column: NumberColumn) -> Classes | None:
    """int8[n]; None where every row has a number."""
    nan = np.isnan(column.values())
    if not nan.any():
        return None
    classes = np.zeros(len(nan), np.int8)
    classes[nan] = np.where(column.present()[nan], NAN, MISSING)
    return classes


def _codes(column: NumberColumn) -> Rows:
    """int64[n]: ``keyset.ordered_code`` of every value."""
    bits = (column.values() + 0.0).view(np.int64)
    return np.where(bits >= 0, bits, -(bits & np.iinfo(np.int64).max))


def _cells(values: Keys, classes: Classes | None, rows: Rows) -> list[Cell]:
    found = values[rows].tolist()
    if classes is None:
        return [(VALUE, value) for value in found]
    return [(c, v if c == VALUE else None) for v, c in zip(found, classes[rows].tolist(), strict=True)]


class _Numbers:
    def __init__(self, column: NumberColumn) -> None:
        self._values = column.values()
        self._classes = _classes(column)

    def keys(self, cell: Cell, descending: bool) -> list[SortKey]:
        rank, value = cell
        number = value or 0.0
        if descending:
            return [SortKey(-self._values, self._classes, (rank, -number))]
        return [SortKey(self._values, self._classes, (rank, number))]

    def cells(self, rows: Rows) -> list[Cell]:
        return _cells(self._values, self._classes, rows)


class _Texts:
    def __init__(self, column: TextColumn) -> None:
        self._codes = column.codes()
        self._dictionary = column.dictionary

    def keys(self, cell: Cell, descending: bool) -> list[SortKey]:
        rank, value = cell
        codes, ranks = self._codes, self._dictionary.ranks()
        absent = codes < 0
        classes = np.where(absent, MISSING, VALUE).astype(np.int8) if absent.any() else None
        ranks = (ranks if classes is None else np.append(ranks, np.int32(0))).take(codes, mode="wrap")
        place = 0.0 if value is None else self._dictionary.place(value)
        return [SortKey(-ranks if descending else ranks, classes, (rank, -place if descending else place))]

    def cells(self, rows: Rows) -> list[Cell]:
        text = self._dictionary.text
        return [(MISSING, None) if code < 0 else (VALUE, text(code)) for code in self._codes[rows].tolist()]


class _Integers:
    def __init__(self, values: Rows, classes: Classes | None = None) -> None:
        self._values = values
        self._classes = classes

    def keys(self, cell: Cell, descending: bool) -> list[SortKey]:
        rank, value = cell
        number = int(value or 0)
        # Unlike the negative, the complement of the smallest integer is one, too.
        if descending:
            return [SortKey(~self._values, self._classes, (rank, ~number))]
        return [SortKey(self._values, self._classes, (rank, number))]

    def cells(self, rows: Rows) -> list[Cell]:
        return _cells(self._values, self._classes, rows)


class _RunIds:
    def __init__(self, table: RunTable) -> None:
        self._table = table

    def keys(self, cell: Cell, descending: bool) -> list[SortKey]:
        halves = halves_of(str(cell[1])) or (np.uint64(0), np.uint64(0))
        columns = zip((self._table.high.array, self._table.low.array), halves, strict=True)
        return [
            SortKey(~keys, cut=(VALUE, ~half)) if descending else SortKey(keys, cut=(VALUE, half))
            for keys, half in columns
        ]

    def cells(self, rows: Rows) -> list[Cell]:
        return [(VALUE, one) for one in run_ids(self._table, rows)]
