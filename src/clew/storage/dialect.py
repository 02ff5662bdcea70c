"""The words in which SQLite and PostgreSQL differ; nothing else knows a database's name.

SQL is written once, with ``:name`` parameters. A dialect turns that text into its driver's form,
supplies the words of the schema (``{big}``, ``{serial}``, …) and the few expressions that have no
common spelling.
"""

from __future__ import annotations

import array
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import apsw
import msgspec

MAX_STATEMENTS: Final = 2000  # texts remembered

_PIECES = re.compile(r"'(?:[^']|'')*'|::\w+|:([A-Za-z_]\w*)|%")
_decode = msgspec.json.Decoder(list[Any]).decode
_READS = ("SELECT", "WITH", "VALUES", "PRAGMA")


class Statement(msgspec.Struct, frozen=True, gc=False):
    """One SQL text as its driver wants it; ``writes`` says whether it changes anything."""

    text: str
    writes: bool


class Dialect:
    """What one database calls things.

    words: the schema's words, filled into ``{…}`` of a migration.
    any_of: gives the condition "column is in the array parameter".
    contains: gives the condition "blob column holds the bytes parameter".
    given: gives the rows of an INSERT out of (column, type) pairs; one statement per row, or arrays for all.
    among: gives what ends a DELETE of given rows of a table, out of its name and (column, type) pairs.
    existence_lock: ends a SELECT whose rows nobody may delete until our transaction ends; they may be changed.
    gather: gives the aggregate "all values of the column".
    shared_lock: ends a SELECT whose rows nobody may change until our transaction ends.
    """

    def __init__(
        self,
        name: str,
        *,
        words: Mapping[str, str],
        any_of: str,
        array_of: str,
        contains: str,
        gather: str,
        given: Callable[[Sequence[tuple[str, str]]], str],
        among: Callable[[str, Sequence[tuple[str, str]]], str],
        mark: str,
        existence_lock: str,
        shared_lock: str,
    ) -> None:
        self.name = name
        self.existence_lock = existence_lock
        self.shared_lock = shared_lock
        self.words = words
        self._any_of = any_of
        self._array_of = array_of
        self._contains = contains
        self._gather = gather
        self._given = given
        self._among = among
        self._mark = mark
        self._statements: dict[str, Statement] = {}

    def any_of(self, column: str, parameter: str) -> str:
        """The condition that ``column`` is one of the values of the list bound as ``parameter``."""
        return self._any_of.format(column=column, array=self.array_of(parameter))

    def array_of(self, parameter: str) -> str:
        """The list bound as ``parameter``, as the right side of this database's membership test."""
        return self._array_of.format(parameter=parameter)

    def contains(self, column: str, parameter: str) -> str:
        """The condition that the blob ``column`` holds the bytes bound as ``parameter``."""
        return self._contains.format(column=column, parameter=parameter)

    def gathered(self, column: str) -> str:
        """The aggregate that holds every value of ``column``; :func:`gathered` reads it.

        Several of them in one statement list their rows in the same order.
        """
        return self._gather.format(column=column)

    def insert(self, into: str, columns: Mapping[str, str], then: str = "") -> str:
        """An INSERT of many rows, for ``Tx.batch``.

        into: table, and its alias. columns: name -> type, where ``{big}`` and the like are words of the schema.
        then: what follows the rows, such as ON CONFLICT.
        """
        return f"INSERT INTO {into} ({', '.join(columns)}) {self._given(self._typed(columns))} {then}"

    def delete(self, table: str, columns: Mapping[str, str]) -> str:
        """A DELETE of many rows, for ``Tx.batch``. columns: name -> type of those that tell the rows apart."""
        return f"DELETE FROM {table} {self._among(table, self._typed(columns))}"

    def _typed(self, columns: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(name, self.fill(type_)) for name, type_ in columns.items()]

    def statement(self, sql: str) -> Statement:
        """``sql`` in the driver's form, translated once per text."""
        known = self._statements.get(sql)
        if known is None:
            if len(self._statements) >= MAX_STATEMENTS:  # searches make texts without end
                self._statements.clear()
            known = Statement(self._translate(sql), not sql.lstrip().upper().startswith(_READS))
            self._statements[sql] = known
        return known

    def _translate(self, sql: str) -> str:
        if not self._mark:
            return sql

        def piece(match: re.Match[str]) -> str:
            name = match.group(1)
            return self._mark.format(name) if name else match.group(0).replace("%", "%%")

        return _PIECES.sub(piece, sql)

    def fill(self, schema: str) -> str:
        """A migration's text with this database's words in place of ``{word}``."""
        return re.sub(r"\{(\w+)\}", lambda m: self.words[m.group(1)], schema)


def _arrays(columns: Sequence[tuple[str, str]]) -> str:
    """PostgreSQL's rows out of an array per column."""
    return f"unnest({', '.join(f':{name}::{type_}[]' for name, type_ in columns)})"


SQLITE = Dialect(
    "sqlite",
    words={
        "big": "INTEGER",
        "blob": "BLOB",
        "float": "REAL",
        # AUTOINCREMENT: an id is never given twice, even after the newest row went.
        "serial": "INTEGER PRIMARY KEY AUTOINCREMENT",
        "clustered": " WITHOUT ROWID",
        "c": "",
    },
    any_of="{column} IN {array}",
    array_of="(SELECT value FROM carray(:{parameter}))",
    contains="instr({column}, :{parameter}) > 0",
    gather="json_group_array({column})",
    given=lambda columns: f"VALUES ({', '.join('?' * len(columns))})",
    among=lambda _, columns: "WHERE " + " AND ".join(f"{name} = ?" for name, _ in columns),
    mark="",
    existence_lock="",
    shared_lock="",  # the writer has the whole file
)

POSTGRESQL = Dialect(
    "postgresql",
    words={
        "big": "BIGINT",
        "blob": "BYTEA",
        "float": "DOUBLE PRECISION",
        "serial": "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
        "clustered": "",
        "c": 'COLLATE "C"',
    },
    any_of="{column} = {array}",
    array_of="ANY(:{parameter})",
    contains="position(:{parameter}::bytea in {column}) > 0",
    gather="array_agg({column})",
    given=lambda columns: f"SELECT * FROM {_arrays(columns)}",
    among=lambda table, columns: (
        f"USING {_arrays(columns)} AS gone ({', '.join(name for name, _ in columns)}) WHERE "
        + " AND ".join(f"{table}.{name} = gone.{name}" for name, _ in columns)
    ),
    mark="%({})s",
    existence_lock=" FOR KEY SHARE",
    shared_lock=" FOR SHARE",
)


def gathered(cell: str | list[Any]) -> list[Any]:
    """The values in a cell of :meth:`Dialect.gathered`; floats are exact, NULL is None."""
    if isinstance(cell, list):
        return cell
    try:
        return _decode(cell)
    except msgspec.DecodeError:
        values: list[Any] = json.loads(cell)  # SQLite writes an infinity as 9.0e+999
        return values


def bind_sqlite(values: Sequence[Any]) -> object:
    """A Python list as SQLite's ``carray``; None, which is its empty array, for an empty list.

    Cost: one copy of the values.
    """
    if not values:
        return None
    if isinstance(values[0], str):
        return apsw.carray(tuple(values))
    if isinstance(values[0], float):
        return apsw.carray(array.array("d", values))
    return apsw.carray(array.array("q", values))
