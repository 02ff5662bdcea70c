"""Checked filter tree to SQL: one condition that is never NULL, every value bound.

This module knows operators; which table holds a field is told by the ``Columns`` that it is given (``sources``).
Patterns are resolved by ``query.match`` on both databases: SQLite calls it as the function ``clew_match``, for
PostgreSQL the distinct values are matched first and the condition becomes membership.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from clew.query.ast import (
    PATTERN_OPS,
    And,
    Comparison,
    Expr,
    Field,
    FreeText,
    InList,
    IsNull,
    Not,
    Or,
    Value,
)
from clew.query.evaluate import ID_PREFIX, holds
from clew.query.fields import Fields
from clew.query.match import matcher
from clew.query.number import parse_number
from clew.storage.dialect import Dialect

TRUE: Final = "TRUE"
FALSE: Final = "FALSE"

_SQL_OPS: Final = {"=": "=", "!=": "<>", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_TEXT_TESTS: Final[dict[str, Callable[[str, str], bool]]] = {"=": operator.eq, "!=": operator.ne}
_NUMBER_TESTS: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_INT64: Final = (-(2**63), 2**63 - 1)


class Binder:
    """The parameters of one statement."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.params: dict[str, Any] = {}

    def bind(self, value: object) -> str:
        """The mark that stands for ``value`` in SQL."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f":{name}"

    def any_of(self, column: str, values: Sequence[object]) -> str:
        """The condition that ``column``, which is not NULL, is one of ``values``."""
        if not values:
            return FALSE
        return self.dialect.any_of(column, self.bind(list(values))[1:])

    def table(self, rows: Mapping[int, tuple[int | None, int]]) -> str:
        """A table ``(rn, code, nan)`` of these rows, as a bracketed SELECT."""
        if self.dialect.name == "sqlite":
            source = f"json_each({self.bind(json.dumps(rows))})"
            # Without LIMIT, SQLite would read the text anew for every row that this is joined to.
            return f"(SELECT CAST(key AS INTEGER) AS rn, value->>0 AS code, value->>1 AS nan FROM {source} LIMIT -1)"
        codes, nans = [code for code, _ in rows.values()], [nan for _, nan in rows.values()]
        arrays = f"{self.bind(list(rows))}::bigint[], {self.bind(codes)}::bigint[], {self.bind(nans)}::smallint[]"
        return f"(SELECT * FROM unnest({arrays}) AS u(rn, code, nan))"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """Where SQL finds a field.

    value: expression of the value, NULL where it is absent. number: that of a param's number.
    nan: expression that is not 0 where the value is NaN.
    spelled: whether numbers are stored as texts only, without ``number``.
    integer: whether the value is a 64-bit integer.
    names: stored code -> text, where the value is such a code.
    nullable: whether ``value`` can be NULL.
    present: condition that the field is there, never NULL.
    within: for fields with several values, an EXISTS left open; the condition follows after AND, then a bracket.
    distinct: all texts that the field has anywhere in reach of the search.
    known: number of an entity -> value, where values are not in the database; ``value`` is then that number.
    """

    value: str
    number: str = ""
    nan: str = ""
    spelled: bool = False
    integer: bool = False
    names: Mapping[int, str] | None = None
    nullable: bool = True
    present: str = TRUE
    within: str = ""
    distinct: Callable[[], list[str]] = list
    known: Mapping[int, float] | None = None


class Columns(Protocol):
    """Tells the column of each field; None where no entity in reach of the search has the field."""

    fields: Fields

    def column(self, field: Field) -> Column | None:
        """The column of ``field``."""
        ...


class Compiler:
    """Turns checked trees over ``columns`` into conditions, and collects their values in ``binder``."""

    def __init__(self, binder: Binder, columns: Columns) -> None:
        self._binder = binder
        self._columns = columns

    def condition(self, expr: Expr) -> str:
        """A condition that is TRUE or FALSE, never NULL."""
        if isinstance(expr, And | Or):
            word = " AND " if isinstance(expr, And) else " OR "
            return "(" + word.join(self.condition(item) for item in expr.items) + ")"
        if isinstance(expr, Not):
            return f"(NOT {self.condition(expr.item)})"
        if isinstance(expr, FreeText):
            return self._free_text(expr.text)
        column = self._columns.column(expr.field)
        if column is not None and column.known is not None:
            return self._known(column.value, column.known, expr)
        if isinstance(expr, IsNull):
            return self._null_test(column, expr.negated)
        if column is None:
            return FALSE
        test = self._in_list(column, expr) if isinstance(expr, InList) else self._comparison(column, expr)
        if column.within:
            return f"{column.within} AND {test})"
        nullable = column.nullable or isinstance(_example(expr), float)
        return f"(({test}) IS TRUE)" if nullable else f"({test})"

    def _known(self, number: str, values: Mapping[int, float], leaf: Comparison | InList | IsNull) -> str:
        if isinstance(leaf, IsNull):
            absent = f"(NOT {self._binder.any_of(number, list(values))})"
            return f"(NOT {absent})" if leaf.negated else absent
        return f"({self._binder.any_of(number, [n for n, value in values.items() if holds(leaf, (value,))])})"

    def _null_test(self, column: Column | None, negated: bool) -> str:
        if column is None:
            return FALSE if negated else TRUE
        filled = f"{column.value} IS NOT NULL"
        if column.nan:
            filled = f"({filled} OR {column.nan} <> 0)"
        present = f"{column.within} AND {filled})" if column.within else column.present
        return present if negated else f"(NOT ({present}))"

    def _comparison(self, column: Column, expr: Comparison) -> str:
        if isinstance(expr.value, str):
            return self._text(column, expr.op, expr.value)
        if column.spelled:
            test_number = _NUMBER_TESTS[expr.op]
            return self._spelled(column, lambda number: test_number(number, float(expr.value)))
        if column.integer:
            return self._integer(column.value, expr.op, expr.value)
        test = f"{column.number or column.value} {_SQL_OPS[expr.op]} {self._binder.bind(float(expr.value))}"
        return f"({test} OR {column.nan} <> 0)" if column.nan and expr.op == "!=" else test

    def _text(self, column: Column, op: str, value: str) -> str:
        if column.names is not None:
            return _codes(column, _text_test(op, value))
        if op in PATTERN_OPS:
            return self._pattern(column, op, value)
        return f"{column.value} {_SQL_OPS[op]} {self._binder.bind(value)}"

    def _pattern(self, column: Column, op: str, pattern: str) -> str:
        if self._binder.dialect.name == "sqlite":
            return f"clew_match({self._binder.bind(op)}, {self._binder.bind(pattern)}, {column.value})"
        fits = matcher(op, pattern)
        return self._binder.any_of(column.value, [text for text in column.distinct() if fits(text)])

    def _in_list(self, column: Column, expr: InList) -> str:
        if column.names is not None:
            return _codes(column, lambda name: (name in expr.values) is not expr.negated)
        if column.spelled and not isinstance(expr.values[0], str):
            return self._spelled(column, lambda number: (number in expr.values) is not expr.negated)
        value = column.value if isinstance(expr.values[0], str) else column.number or column.value
        test = self._binder.any_of(value, expr.values)
        return f"NOT ({test})" if expr.negated else test

    def _spelled(self, column: Column, test: Callable[[float], bool]) -> str:
        numbers = ((text, parse_number(text)) for text in column.distinct())
        return self._binder.any_of(column.value, [text for text, n in numbers if n is not None and test(n)])

    def _integer(self, column: str, op: str, value: Value) -> str:
        exact = whole(op, value)
        if exact is None:
            return f"{column} IS NOT NULL" if op == "!=" else FALSE
        op, bound = exact
        low, high = _INT64
        if low <= bound <= high:
            return f"{column} {_SQL_OPS[op]} {self._binder.bind(bound)}"
        always = op == "!=" or (op in ("<", "<=") if bound > high else op in (">", ">="))
        return f"{column} IS NOT NULL" if always else FALSE

    def _free_text(self, text: str) -> str:
        fields = self._columns.fields
        name, own_id = self._columns.column(fields.name), self._columns.column(fields.id)
        if name is None or own_id is None:
            raise AssertionError("every entity has a name and an id")
        test = self._pattern(name, "~", text)
        if fields.id_whole:
            return f"({test} OR {own_id.value} = {self._binder.bind(text)})"
        if len(text) < ID_PREFIX:
            return f"({test})"
        prefix = text.lower()
        mark, size = self._binder.bind(prefix), self._binder.bind(len(prefix))
        return f"({test} OR substr({own_id.value}, 1, {size}) = {mark})"


def _example(expr: Comparison | InList) -> Value:
    return expr.values[0] if isinstance(expr, InList) else expr.value


def _text_test(op: str, value: str) -> Callable[[str], bool]:
    if op in PATTERN_OPS:
        return matcher(op, value)
    return lambda name: _TEXT_TESTS[op](name, value)


def _codes(column: Column, test: Callable[[str], bool]) -> str:
    codes = [str(code) for code, name in (column.names or {}).items() if test(name)]
    return f"{column.value} IN ({', '.join(codes)})" if codes else FALSE


def whole(op: str, value: Value) -> tuple[str, int] | None:
    """The same comparison of an integer with an integer; None where equality with ``value`` cannot be."""
    if isinstance(value, int):
        return op, value
    number = float(value)
    if math.isinf(number):
        bound = 2**64 if number > 0 else -(2**64)
        return op, bound
    if number.is_integer():
        return op, int(number)
    if op in ("=", "!="):
        return None
    return (">=", math.ceil(number)) if op in (">", ">=") else ("<=", math.floor(number))
