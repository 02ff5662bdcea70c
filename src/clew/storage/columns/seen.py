"""What one search sees: a table's columns, and those that were computed for it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from clew.query.ast import Field
from clew.storage.columns.arrays import Rows
from clew.storage.columns.column import NumberColumn
from clew.storage.columns.table import RunTable
from clew.storage.engine import Tx

PASSING: Final = frozenset({"at", "tail"})
"""Summaries with an argument: they are computed for the runs that matter, and not kept."""


class Seen:
    """The columns of one table in one transaction."""

    def __init__(self, tx: Tx, table: RunTable) -> None:
        self.table = table
        self._tx = tx
        self._own: dict[Field, NumberColumn] = {}

    def column(self, field: Field) -> Any:
        """The column of a field; see :meth:`RunTable.column`."""
        own = self._own.get(field)
        return self.table.column(self._tx, field) if own is None else own

    def compute(self, fields: Sequence[Field], rows: Rows) -> None:
        """Read the points of some rows for fields that are not kept; elsewhere they count as absent."""
        for field in fields:
            self._own[field] = self.table.computed(self._tx, field, rows)


def is_passing(field: Field) -> bool:
    """Whether a field's values are computed for one search only."""
    return field.summary in PASSING
