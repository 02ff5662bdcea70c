"""A table to its snapshot and back."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clew.query.ast import Field, FieldKind, ValueType
from clew.storage.columns import load, snapshot
from clew.storage.columns.column import ManyTextsColumn, NumberColumn, TextColumn
from clew.storage.columns.dictionary import TextDictionary
from clew.storage.columns.snapshot import Header, SavedColumn, Snapshot
from clew.storage.columns.table import RunTable
from clew.storage.engine import Tx

_TEXTS: Final = ("names", "users")


def save(tx: Tx, table: RunTable, path: str) -> None:
    """Write a table, which must be right for ``tx``.

    Raises:
        OSError: see ``snapshot.write``.
    """
    arrays: dict[str, NDArray[Any]] = {name: one.array for name, one in table.attributes().items()}
    for name in _TEXTS:
        arrays |= _parts(name, getattr(table, name))
    columns = []
    for number, (field, column) in enumerate(table.columns.items()):
        prefix = f"c{number}"
        arrays |= _parts(prefix, column)
        columns.append(SavedColumn((field.kind, field.name, field.type, field.summary, field.argument), prefix))
    header = Header(
        store=load.store_identity(tx),
        experiment=table.experiment,
        seen=table.seen,
        witness=load.newest_change(tx, table.experiment),
        columns=columns,
    )
    snapshot.write(path, header, arrays)


def restore(tx: Tx, experiment: int, path: str) -> RunTable | None:
    """The table that was saved, as it was then; None where there is none that fits the database."""
    saved = Snapshot.open(path)
    if saved is None:
        return None
    header = saved.header
    if header.experiment != experiment or header.store != load.store_identity(tx) or header.seen > tx.change():
        return None
    if header.witness is not None and not load.still_holds(tx, header.witness, header.seen):
        return None
    table = RunTable(experiment)
    arrays = {name: saved.array(name) for name in table.attributes()}
    names, users = (
        _text(saved, name, len(arrays["numbers"] if arrays["numbers"] is not None else ())) for name in _TEXTS
    )
    if names is None or users is None or any(array is None for array in arrays.values()):
        return None
    table.adopt({name: array for name, array in arrays.items() if array is not None}, names, users, header.seen)
    n = len(table)
    for entry in header.columns:
        kind, name, type_, summary, argument = entry.field
        field = Field(FieldKind(kind), name, ValueType(type_), summary, argument)
        table.saved[field] = lambda entry=entry, field=field: _column(saved, field, entry.prefix, n)  # type: ignore[misc]
    return table


def _parts(prefix: str, column: Any) -> dict[str, NDArray[Any]]:
    if isinstance(column, ManyTextsColumn):
        rows, codes = column.dump()
        parts: dict[str, NDArray[Any]] = {f"{prefix}.rows": rows, f"{prefix}.cells": codes}
    else:
        rows, values = column.cells.dump()
        parts = {f"{prefix}.cells": values} | ({} if rows is None else {f"{prefix}.rows": rows})
    if isinstance(column, NumberColumn):
        return parts
    buffer, starts = column.dictionary.dump()
    return parts | {f"{prefix}.texts": np.frombuffer(buffer, np.uint8), f"{prefix}.starts": starts}


def _column(saved: Snapshot, field: Field, prefix: str, n: int) -> Any:
    if field.kind is FieldKind.METRIC:
        cells = saved.array(f"{prefix}.cells")
        if cells is None:
            return None
        numbers = NumberColumn(n)
        numbers.cells.load(saved.array(f"{prefix}.rows"), cells)
        return numbers
    if field.kind is not FieldKind.DATASET:
        return _text(saved, prefix, n)
    rows, codes, dictionary = saved.array(f"{prefix}.rows"), saved.array(f"{prefix}.cells"), _dictionary(saved, prefix)
    if rows is None or codes is None or dictionary is None:
        return None
    many = ManyTextsColumn(n)
    many.load(rows, codes, dictionary)
    return many


def _text(saved: Snapshot, prefix: str, n: int) -> TextColumn | None:
    cells, dictionary = saved.array(f"{prefix}.cells"), _dictionary(saved, prefix)
    if cells is None or dictionary is None:
        return None
    texts = TextColumn(n, dictionary)
    texts.cells.load(saved.array(f"{prefix}.rows"), cells)
    return texts


def _dictionary(saved: Snapshot, prefix: str) -> TextDictionary | None:
    texts, starts = saved.array(f"{prefix}.texts"), saved.array(f"{prefix}.starts")
    return None if texts is None or starts is None else TextDictionary(texts.tobytes(), starts)
