"""Columns of chosen runs: one value per run and name, read at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from clew.errors import InvalidValue
from clew.query.ast import FieldKind
from clew.query.fields import RUNS
from clew.storage.columns.arrays import Floats, Rows
from clew.storage.columns.gathered import Numbers, Values
from clew.storage.columns.seen import is_passing
from clew.storage.engine import Tx
from clew.storage.search import read_fields

_DURATION: Final = "attributes.duration"
_TIMES: Final = ("start_time", "end_time")


class Cells(msgspec.Struct, frozen=True):
    """The values of one column, for the runs that have one.

    at: int64[m], places of these runs among those asked for.
    numbers: float64[m], or None where not all values are numbers.
    texts: as written; None for what is stored as numbers.
    """

    at: Rows
    numbers: Floats | None
    texts: list[str] | None


def read_cells(tx: Tx, experiments: Sequence[int], rns: Sequence[int], columns: Sequence[str]) -> dict[str, Cells]:
    """Columns of runs of these experiments, by name.

    columns: as a filter names them (``metrics.loss.min``, ``params.lr``, ``attributes.status`` …), or
    ``attributes.duration``, which is end less start. Times are ms.
    Cost: some ns per run for what the column index knows; see there for what it does not.

    Raises:
        InvalidFilter: a name cannot be read. InvalidValue: a column that has no single value per run.
    """
    index = tx.place.columns
    assert index is not None, "every store has an index"
    plain = [name for name in columns if name != _DURATION]
    times = [RUNS.attributes[name] for name in _TIMES]
    fields = dict(zip(plain, read_fields(tx, experiments, plain), strict=True))
    for name, field in fields.items():
        if field.kind is FieldKind.DATASET or is_passing(field):
            raise InvalidValue(f"Invalid column '{name}': a metric, summary, param, tag or attribute is needed.")
    asked = dict.fromkeys([*fields.values(), *(times if len(plain) < len(columns) else ())])
    places, values = index.pick(tx, experiments, np.array(rns, np.int64), list(asked))
    empty = Cells(places[:0], np.empty(0), None)
    found = {name: _cells(places, values[field]) if field in values else empty for name, field in fields.items()}
    if len(plain) < len(columns):
        found[_DURATION] = _duration(places, [values[field] for field in times]) if values else empty
    return found


def _cells(places: Rows, values: Values) -> Cells:
    if isinstance(values, Numbers):
        return Cells(places[values.present], values.values[values.present], None)
    present = values.codes >= 0
    codes = values.codes[present]
    texts = [values.texts[code] for code in codes.tolist()]
    numbers = values.numbers[codes]
    return Cells(places[present], numbers if len(numbers) and not np.isnan(numbers).any() else None, texts)


def _duration(places: Rows, times: Sequence[Values]) -> Cells:
    start, end = times
    assert isinstance(start, Numbers)
    assert isinstance(end, Numbers)
    return Cells(places[end.present], (end.values - start.values)[end.present], None)
