"""Columns: one value per run, in the order of a table's rows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, Protocol

import numpy as np
from numpy.typing import NDArray

from clew.storage.columns.arrays import Codes, Floats, Growing, Mask, Rows, Scalar
from clew.storage.columns.dictionary import TextDictionary

VALUE, NAN, MISSING = 0, 1, 2
"""Classes of a sort, in that order whatever the direction."""

NUMBER_TESTS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}

_SPARSE: Final = 8  # a column that less than one row in so many has is kept as pairs
_FEW: Final = 4  # texts
_ABSENT_BITS: Final = np.int64(0x7FF8_0000_0000_C1E0)  # a NaN that no computation makes
_ABSENT: Final = _ABSENT_BITS.view(np.float64)


class Cells(Generic[Scalar]):
    """One scalar per row, ``absent`` where there is none; kept dense, or as pairs where few rows have one."""

    __slots__ = ("_absent", "_dense", "_n", "_rows", "_values")

    def __init__(self, absent: Scalar, n: int) -> None:
        self._absent = absent
        self._n = n
        self._rows: Rows = np.empty(0, np.int64)
        self._values: NDArray[Any] = np.empty(0, absent.dtype)
        self._dense: Growing[Scalar] | None = None

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return self._rows.nbytes + self._values.nbytes + (self._dense.nbytes if self._dense is not None else 0)

    def array(self) -> NDArray[Any]:
        """One value per row; for reading only."""
        if self._dense is not None:
            return self._dense.array
        values = np.full(self._n, self._absent, self._values.dtype)
        values[self._rows] = self._values
        return values

    def dump(self) -> tuple[Rows | None, NDArray[Any]]:
        """The rows that have a value, None for all of them, and the values."""
        return (self._rows, self._values) if self._dense is None else (None, self._dense.array)

    def load(self, rows: Rows | None, values: NDArray[Any]) -> None:
        """Take what :meth:`dump` gave."""
        if rows is None:
            self._dense = Growing(values)
        else:
            self._rows, self._values = rows, values

    def grow(self, n: int) -> None:
        """Have ``n`` rows; the new ones are absent."""
        self._n = n
        if self._dense is not None:
            self._dense.fill(n, self._absent)

    def put(self, rows: Rows, values: NDArray[Any]) -> None:
        """Set the cells of rows; each row once."""
        if self._dense is None and (len(self._rows) + len(rows)) * _SPARSE <= self._n:
            others = ~np.isin(self._rows, rows)
            rows = np.concatenate((self._rows[others], rows))
            values = np.concatenate((self._values[others], values))
            order = np.argsort(rows, kind="stable")
            self._rows, self._values = rows[order], values[order]
            return
        if self._dense is None:
            self._dense = Growing(self.array())
            self._rows, self._values = self._rows[:0], self._values[:0]
        self._dense.array[rows] = values


class Column(Protocol):
    """What all columns can do."""

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        ...

    def grow(self, n: int) -> None:
        """Have ``n`` rows; the new ones are absent."""
        ...

    def clear(self, rows: Rows) -> None:
        """Make the cells of rows absent."""
        ...

    def present(self) -> Mask:
        """bool[n]: which rows have a value."""
        ...


class NumberColumn:
    """Numbers, NaN among them."""

    __slots__ = ("cells",)

    def __init__(self, n: int) -> None:
        self.cells: Cells[np.float64] = Cells(_ABSENT, n)

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return self.cells.nbytes

    def grow(self, n: int) -> None:
        """Have ``n`` rows; the new ones are absent."""
        self.cells.grow(n)

    def put(self, rows: Rows, values: Floats) -> None:
        """Set the values of rows."""
        self.cells.put(rows, np.where(np.isnan(values), np.nan, values))

    def clear(self, rows: Rows) -> None:
        """Make the cells of rows absent."""
        self.cells.put(rows, np.full(len(rows), _ABSENT))

    def values(self) -> Floats:
        """float64[n]; NaN where there is no number."""
        return self.cells.array()

    def present(self) -> Mask:
        """bool[n]: which rows have a value, be it NaN."""
        mask: Mask = self.cells.array().view(np.int64) != _ABSENT_BITS
        return mask

    def matching(self, op: str, value: float) -> Mask:
        """bool[n]: ``number op value``; NaN differs from every number."""
        mask: Mask = NUMBER_TESTS[op](self.values(), value)
        return mask & self.present() if op == "!=" else mask


class TextColumn:
    """Texts as codes of a dictionary."""

    __slots__ = ("cells", "dictionary")

    def __init__(self, n: int, dictionary: TextDictionary | None = None) -> None:
        self.cells: Cells[np.int32] = Cells(np.int32(-1), n)
        self.dictionary = dictionary or TextDictionary()

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return self.cells.nbytes + self.dictionary.nbytes

    def grow(self, n: int) -> None:
        """Have ``n`` rows; the new ones are absent."""
        self.cells.grow(n)

    def put(self, rows: Rows, texts: Sequence[str]) -> None:
        """Set the texts of rows."""
        self.cells.put(rows, self.dictionary.codes(texts))

    def clear(self, rows: Rows) -> None:
        """Make the cells of rows absent."""
        self.cells.put(rows, np.full(len(rows), -1, np.int32))

    def codes(self) -> Codes:
        """int32[n]; -1 where there is no text."""
        return self.cells.array()

    def present(self) -> Mask:
        """bool[n]: which rows have a text."""
        mask: Mask = self.codes() >= 0
        return mask

    def where(self, among: Mask) -> Mask:
        """bool[n]: which rows have a text whose code is marked in ``among``."""
        codes = self.codes()
        marked = np.flatnonzero(among)
        if len(marked) <= _FEW:  # comparing is much cheaper than looking up, and equality is what is asked most
            mask = np.zeros(len(codes), np.bool_)
            for code in marked.astype(np.int32):
                mask |= codes == code
            return mask
        return np.append(among, False).take(codes, mode="wrap")


class ManyTextsColumn:
    """Any number of texts per row."""

    __slots__ = ("_codes", "_n", "_rows", "dictionary")

    def __init__(self, n: int) -> None:
        self._n = n
        self._rows: Rows = np.empty(0, np.int64)
        self._codes: Codes = np.empty(0, np.int32)
        self.dictionary = TextDictionary()

    def dump(self) -> tuple[Rows, Codes]:
        """Row and code of every text."""
        return self._rows, self._codes

    def load(self, rows: Rows, codes: Codes, dictionary: TextDictionary) -> None:
        """Take what :meth:`dump` gave, and the dictionary of the codes."""
        self._rows, self._codes, self.dictionary = rows, codes, dictionary

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return self._rows.nbytes + self._codes.nbytes + self.dictionary.nbytes

    def grow(self, n: int) -> None:
        """Have ``n`` rows; the new ones are absent."""
        self._n = n

    def put(self, rows: Rows, texts: Sequence[str]) -> None:
        """Add one text to each of the rows."""
        self._rows = np.concatenate((self._rows, rows))
        self._codes = np.concatenate((self._codes, self.dictionary.codes(texts)))

    def clear(self, rows: Rows) -> None:
        """Take all texts of rows away."""
        others = ~np.isin(self._rows, rows)
        self._rows, self._codes = self._rows[others], self._codes[others]

    def present(self) -> Mask:
        """bool[n]: which rows have a text."""
        mask = np.zeros(self._n, np.bool_)
        mask[self._rows] = True
        return mask

    def where(self, among: Mask) -> Mask:
        """bool[n]: which rows have at least one text whose code is marked in ``among``."""
        mask = np.zeros(self._n, np.bool_)
        mask[self._rows[among[self._codes]]] = True
        return mask
