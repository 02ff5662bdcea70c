"""Columns of the runs that match, taken out of the tables of all experiments that were asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from clew.entities.run import RunStatus
from clew.query.ast import Field, FieldKind
from clew.storage.columns.arrays import Codes, Floats, Mask, Rows
from clew.storage.columns.column import ManyTextsColumn, NumberColumn, TextColumn
from clew.storage.columns.dictionary import TextDictionary
from clew.storage.columns.seen import Seen
from clew.storage.status import status_number


class Numbers(msgspec.Struct, frozen=True):
    """values: float64[m]; present: bool[m], whether a run has one, be it NaN."""

    values: Floats
    present: Mask


class Texts(msgspec.Struct, frozen=True):
    """codes: int32[m] into ``texts``, -1 where a run has none. numbers: float64 of each text, NaN where it is none."""

    codes: Codes
    texts: list[str]
    numbers: Floats

    def as_numbers(self) -> Numbers:
        """The numbers of the texts; what is no number counts as absent."""
        values = np.append(self.numbers, np.nan)[self.codes]
        return Numbers(values, ~np.isnan(values))


Values = Numbers | Texts

_STATUS_TEXTS = [status.value for status in RunStatus]
_STATUS_CODES = np.full(8, -1, np.int32)
for _code, _status in enumerate(RunStatus):
    _STATUS_CODES[status_number(_status)] = _code


SET_SEPARATOR = "\n"
"""Joins the texts of a row that has several, as of its datasets; they are sorted by code point."""


def values_of(seen: Seen, field: Field, rows: Rows) -> Values:
    """The values that some rows of one table have of a field; of ``dataset.…`` all that a row has, as one text."""
    table = seen.table
    if field.kind is FieldKind.ATTRIBUTE:
        match field.name:
            case "status":
                return Texts(
                    _STATUS_CODES[table.status.array[rows]], _STATUS_TEXTS, np.full(len(_STATUS_TEXTS), np.nan)
                )
            case "start_time":
                return Numbers(table.start_ms.array[rows].astype(np.float64), np.ones(len(rows), np.bool_))
            case "end_time":
                ended = table.ended.array[rows]
                return Numbers(np.where(ended, table.end_ms.array[rows].astype(np.float64), np.nan), ended)
            case "duration":
                ended = table.ended.array[rows]
                lasted = (table.end_ms.array[rows] - table.start_ms.array[rows]).astype(np.float64)
                return Numbers(np.where(ended, lasted, np.nan), ended)
            case "run_name":
                return _texts(table.names, rows)
            case "user_id":
                return _texts(table.users, rows)
    column: Any = seen.column(field)
    if isinstance(column, NumberColumn):
        return Numbers(column.values()[rows], column.present()[rows])
    return _sets(column, rows) if isinstance(column, ManyTextsColumn) else _texts(column, rows)


def joined(parts: Sequence[Values]) -> Values:
    """The values of several tables, one after the other; the parts are of one kind."""
    if len(parts) == 1:
        return parts[0]
    numbers = [part for part in parts if isinstance(part, Numbers)]
    if numbers:
        return Numbers(np.concatenate([n.values for n in numbers]), np.concatenate([n.present for n in numbers]))
    every = TextDictionary()
    texts = [part for part in parts if isinstance(part, Texts)]
    codes = [np.append(every.codes(part.texts), np.int32(-1))[part.codes] for part in texts]
    return Texts(np.concatenate(codes), every.texts(), every.numbers())


def _texts(column: TextColumn, rows: Rows) -> Texts:
    """Only the texts that the rows have: there may be very many others."""
    used, codes = np.unique(column.codes()[rows], return_inverse=True)
    absent = int(len(used) > 0 and used[0] < 0)
    dictionary = column.dictionary
    texts = [dictionary.text(code) for code in used[absent:].tolist()]
    return Texts((codes - absent).astype(np.int32), texts, dictionary.numbers()[used[absent:]])


def _sets(column: ManyTextsColumn, rows: Rows) -> Texts:
    """The different texts of each row, joined."""
    every, codes = column.dump()
    places = np.searchsorted(rows, every)
    here = (places < len(rows)) & (rows[np.minimum(places, len(rows) - 1)] == every) if len(rows) else np.zeros(0, bool)
    if not here.any():
        return Texts(np.full(len(rows), -1, np.int32), [], np.empty(0))
    names = {code: column.dictionary.text(code) for code in np.unique(codes[here]).tolist()}
    order = sorted(names, key=names.__getitem__)
    ranks = np.zeros(max(names) + 1, np.int64)
    ranks[order] = np.arange(len(order))
    pairs = np.unique(places[here] * len(order) + ranks[codes[here]])
    owners, own = np.divmod(pairs, len(order))
    counts = np.bincount(owners, minlength=len(rows))
    sets = np.full((len(rows), int(counts.max())), -1)
    sets[owners, np.arange(len(pairs)) - (np.cumsum(counts) - counts)[owners]] = own
    different, set_of = np.unique(sets, axis=0, return_inverse=True)
    texts = [SET_SEPARATOR.join(names[order[rank]] for rank in ranks if rank >= 0) for ranks in different.tolist()]
    none = int(texts[0] == "" and different[0, 0] < 0)  # rows without any sort first
    return Texts((set_of.reshape(-1) - none).astype(np.int32), texts[none:], np.full(len(texts) - none, np.nan))
