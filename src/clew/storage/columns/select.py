"""A checked filter over a table: one mask of its rows, with the same truth as ``query.evaluate``."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from clew.entities.run import RunStatus
from clew.query.ast import PATTERN_OPS, And, Comparison, Expr, FieldKind, FreeText, InList, IsNull, Not, Or
from clew.query.evaluate import ID_PREFIX
from clew.query.match import matcher
from clew.storage.columns.arrays import Mask, Rows
from clew.storage.columns.column import NUMBER_TESTS, ManyTextsColumn, NumberColumn, TextColumn
from clew.storage.columns.dictionary import TextDictionary
from clew.storage.columns.seen import Seen
from clew.storage.columns.table import RunTable
from clew.storage.compile import whole
from clew.storage.status import status_number

_STATUS_NAMES = [(status_number(status), status.value) for status in RunStatus]
_INT64 = (-(2**63), 2**63 - 1)
_HEX = frozenset("0123456789abcdef")
Leaf = Comparison | InList | IsNull


class Selector:
    """Answers filters over what one search sees."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._table = seen.table

    def mask(self, expr: Expr) -> Mask:
        """bool[n]: the rows that fulfil ``expr``."""
        if isinstance(expr, And):
            return reduce(np.logical_and, (self.mask(item) for item in expr.items))
        if isinstance(expr, Or):
            return reduce(np.logical_or, (self.mask(item) for item in expr.items))
        if isinstance(expr, Not):
            return ~self.mask(expr.item)
        if isinstance(expr, FreeText):
            return self._free_text(expr.text)
        if expr.field.kind is FieldKind.ATTRIBUTE:
            return self._attribute(expr)
        return self._keyed(self._seen.column(expr.field), expr)

    def _keyed(self, column: NumberColumn | TextColumn | ManyTextsColumn, expr: Leaf) -> Mask:
        if isinstance(expr, IsNull):
            return column.present() if expr.negated else ~column.present()
        if isinstance(column, NumberColumn):
            assert isinstance(expr, Comparison), "a metric is compared with one number"
            return column.matching(expr.op, float(expr.value))
        return column.where(_among(column.dictionary, expr))

    def _attribute(self, expr: Leaf) -> Mask:
        name, table = expr.field.name, self._table
        if name == "run_name":
            return self._keyed(table.names, expr)
        if name == "user_id":
            return self._keyed(table.users, expr)
        if name == "artifact_uri":
            return self._keyed(self._seen.column(expr.field), expr)
        if name == "end_time":
            ended = table.ended.array
            if isinstance(expr, IsNull):
                return ended.copy() if expr.negated else ~ended
            return _integers(table.end_ms.array, expr) & ended
        if isinstance(expr, IsNull):
            return np.full(len(table), expr.negated)
        if name == "start_time":
            return _integers(table.start_ms.array, expr)
        return self._status(expr) if name == "status" else self._run_id(expr)

    def _status(self, expr: Comparison | InList) -> Mask:
        fits = _text_test(expr)
        codes = [code for code, name in _STATUS_NAMES if fits(name)]
        return np.isin(self._table.status.array, codes)

    def _run_id(self, expr: Comparison | InList) -> Mask:
        if isinstance(expr, Comparison) and expr.op in PATTERN_OPS:
            fits = matcher(expr.op, str(expr.value))
            return np.fromiter((fits(one) for one in run_ids(self._table)), np.bool_, len(self._table))
        wanted = expr.values if isinstance(expr, InList) else (expr.value,)
        negated = expr.negated if isinstance(expr, InList) else expr.op == "!="
        mask = np.zeros(len(self._table), np.bool_)
        for value in wanted:
            halves = halves_of(str(value))
            if halves is not None:
                mask |= (self._table.high.array == halves[0]) & (self._table.low.array == halves[1])
        return ~mask if negated else mask

    def _free_text(self, text: str) -> Mask:
        names = self._table.names
        mask = names.where(names.dictionary.matching("~", text))
        prefix = text.lower()
        if len(text) < ID_PREFIX or len(prefix) > 32 or not _HEX.issuperset(prefix):
            return mask
        low, high = int(prefix.ljust(32, "0"), 16), int(prefix.ljust(32, "f"), 16)
        first, rest = self._table.high.array, self._table.low.array
        half = 2**64
        within = (first >= np.uint64(low // half)) & (first <= np.uint64(high // half))
        if len(prefix) > 16:
            within &= (rest >= np.uint64(low % half)) & (rest <= np.uint64(high % half))
        return mask | within


def run_ids(table: RunTable, rows: Rows | None = None) -> list[str]:
    """The ids of rows, of all without ``rows``."""
    chosen = slice(None) if rows is None else rows
    words = np.empty((len(table.high.array[chosen]), 2), ">u8")
    words[:, 0], words[:, 1] = table.high.array[chosen], table.low.array[chosen]
    text = words.tobytes().hex()
    return [text[at : at + 32] for at in range(0, len(text), 32)]


def halves_of(run_id: str) -> tuple[np.uint64, np.uint64] | None:
    """A run id as two numbers; None if it has no such form, and so belongs to no row."""
    if len(run_id) != 32 or not _HEX.issuperset(run_id):
        return None
    return np.uint64(int(run_id[:16], 16)), np.uint64(int(run_id[16:], 16))


def _among(dictionary: TextDictionary, expr: Comparison | InList) -> Mask:
    """bool[n]: which texts of a dictionary fulfil a comparison or stand in a list."""
    if isinstance(expr, InList):
        mask = np.zeros(len(dictionary), np.bool_)
        if isinstance(expr.values[0], str):
            codes = [dictionary.find(str(value)) for value in expr.values]
            mask[[code for code in codes if code >= 0]] = True
            return ~mask if expr.negated else mask
        numbers = dictionary.numbers()
        mask = np.isin(numbers, np.array(expr.values, np.float64))
        return ~mask & ~np.isnan(numbers) if expr.negated else mask
    if isinstance(expr.value, str):
        return dictionary.matching(expr.op, expr.value)
    numbers = dictionary.numbers()
    number_mask: Mask = NUMBER_TESTS[expr.op](numbers, float(expr.value))
    return number_mask & ~np.isnan(numbers)


def _text_test(expr: Comparison | InList) -> Callable[[str], bool]:
    if isinstance(expr, InList):
        return lambda name: (name in expr.values) is not expr.negated
    if expr.op in PATTERN_OPS:
        return matcher(expr.op, str(expr.value))
    return lambda name: (name == expr.value) is (expr.op == "=")


def _integers(values: Rows, expr: Comparison | InList) -> Mask:
    assert isinstance(expr, Comparison), "a time is compared with one number"
    exact = whole(expr.op, expr.value)
    if exact is None:
        return np.full(len(values), expr.op == "!=")
    op, bound = exact
    low, high = _INT64
    if low <= bound <= high:
        mask: Mask = NUMBER_TESTS[op](values, np.int64(bound))
        return mask
    always = op == "!=" or (op in ("<", "<=") if bound > high else op in (">", ">="))
    return np.full(len(values), always)
