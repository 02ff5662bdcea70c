"""Pages: of the rows that match, those that come next in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from clew.storage.columns.arrays import Mask, Rows
from clew.storage.columns.column import MISSING, NAN, VALUE
from clew.storage.columns.sorting import Keys, SortKey

_FEW: Final = 2048  # rows that are sorted as they are; among more, the page's rows are found first


def first_rows(keys: Sequence[SortKey], rows: Rows, count: int) -> Rows:
    """The first ``count`` of ``rows`` in order; the keys together tell all rows apart."""
    if len(rows) <= max(count, _FEW):
        return _sorted(keys, rows)[:count]
    key, rest = keys[0], keys[1:]
    if key.classes is None:
        return _first_values(key, rest, rows, count)
    classes = key.classes[rows]
    found = [_first_values(key, rest, rows[classes == VALUE], count)]
    left = count - len(found[0])
    for absent in (NAN, MISSING):
        if left > 0:
            found.append(first_rows(rest, rows[classes == absent], left))
            left -= len(found[-1])
    return np.concatenate(found)


def rows_after(keys: Sequence[SortKey], mask: Mask) -> Rows:
    """Those of the marked rows that come after the cut."""
    first, *rest = keys
    beyond, same = _against_cut(first, slice(None))  # all rows at once: cheaper than to pick out most of them
    later = [np.flatnonzero(mask & beyond)]
    rows = np.flatnonzero(mask & same)
    for key in rest:
        beyond, same = _against_cut(key, rows)
        later.append(rows[beyond])
        rows = rows[same]
    return np.concatenate(later)


def _against_cut(key: SortKey, rows: Rows | slice) -> tuple[Mask, Mask]:
    """Whether each row comes after the cut by this key alone, and whether it is equal to it."""
    rank, value = key.cut
    own = key.keys[rows]
    if key.classes is None:
        if rank == VALUE:
            return own > value, own == value
        nothing = np.zeros(len(own), np.bool_)  # all have a value, and values come first
        return nothing, nothing
    classes = key.classes[rows]
    beyond, same = classes > rank, classes == rank
    if rank == VALUE:
        beyond |= same & (own > value)
        same &= own == value
    return beyond, same


def _first_values(key: SortKey, rest: Sequence[SortKey], rows: Rows, count: int) -> Rows:
    """The same for rows that all have a value of ``key``."""
    keys = [SortKey(key.keys), *rest]
    if len(rows) <= max(count, _FEW):
        return _sorted(keys, rows)[:count]
    own = key.keys[rows]
    limit = np.partition(own, count - 1)[count - 1]
    sure, tied = rows[own < limit], rows[own == limit]
    return np.concatenate((_sorted(keys, sure), first_rows(rest, tied, count - len(sure)) if rest else tied))


def _sorted(keys: Sequence[SortKey], rows: Rows) -> Rows:
    columns: list[Keys] = []
    for key in keys:
        own = key.keys[rows]
        if key.classes is not None:
            classes = key.classes[rows]
            columns.append(classes)
            own = np.where(classes == VALUE, own, 0)
        columns.append(own)
    return rows[np.lexsort(columns[::-1])]
