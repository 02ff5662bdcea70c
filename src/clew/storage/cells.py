"""Columns of chosen runs: one value per run and name, read at once."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from clew.errors import InvalidValue
from clew.query.ast import Field, FieldKind
from clew.query.fields import RUNS
from clew.query.text import write_key
from clew.storage.columns.arrays import Floats, Rows
from clew.storage.columns.gathered import Numbers, Values
from clew.storage.columns.index import index_of
from clew.storage.columns.seen import is_passing
from clew.storage.engine import Tx


class Cells(msgspec.Struct, frozen=True):
    """The values of one column, for the runs that have one.

    at: int64[m], places of these runs among those asked for.
    numbers: float64[m], or None where not all values are numbers.
    texts: as written; None for what is stored as numbers.
    """

    at: Rows
    numbers: Floats | None
    texts: list[str] | None


def read_cells(tx: Tx, experiments: Sequence[int], rns: Sequence[int], fields: Sequence[Field]) -> dict[Field, Cells]:
    """Columns of runs of these experiments; times are ms.

    Cost: some ns per run for what the column index knows; see there for what it does not.

    Raises:
        InvalidValue: a field that has no value of its own per run, or that reads points anew each time.
    """
    index = index_of(tx)
    assert index is not None, "every store has an index"
    for field in fields:
        if field.kind is FieldKind.DATASET or is_passing(field):
            name = write_key(field, RUNS)
            raise InvalidValue(f"Invalid column '{name}': a metric, summary, param, tag or attribute is needed.")
    places, values = index.pick(tx, experiments, np.array(rns, np.int64), fields)
    empty = Cells(places, np.empty(0), None)
    return {field: _cells(places, values[field]) if field in values else empty for field in fields}


def _cells(places: Rows, values: Values) -> Cells:
    if isinstance(values, Numbers):
        return Cells(places[values.present], values.values[values.present], None)
    present = values.codes >= 0
    codes = values.codes[present]
    texts = [values.texts[code] for code in codes.tolist()]
    numbers = values.numbers[codes]
    return Cells(places[present], numbers if len(numbers) and not np.isnan(numbers).any() else None, texts)
