"""The runs of one experiment as columns, brought up to date before every use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clew.query.ast import Field, FieldKind
from clew.storage.columns import fieldrows, load
from clew.storage.columns.arrays import Growing, Mask, Rows
from clew.storage.columns.column import Column, ManyTextsColumn, NumberColumn, TextColumn
from clew.storage.engine import Tx

GONE: Final = -1
"""What ``deleted`` says of a run that left the experiment; its row stays, and no view shows it."""

_DEAD: Final = 8  # a table with more than one row in so many gone is read anew
_STALE: Final = 4  # so is one of which more than one run in so many changed
_KEYED: Final = (FieldKind.METRIC, FieldKind.PARAM, FieldKind.TAG)


class RunTable:
    """One experiment's runs; a row is a run's place here and stays the same for the life of the table.

    seen: change number up to which it is right.
    saved: columns that can be had from a snapshot, as they were when it was taken.
    """

    def __init__(self, experiment: int) -> None:
        self.experiment = experiment
        self.seen = -1
        self.numbers: Growing[np.int64] = Growing(np.empty(0, np.int64))
        self.high: Growing[np.uint64] = Growing(np.empty(0, np.uint64))
        self.low: Growing[np.uint64] = Growing(np.empty(0, np.uint64))
        self.status: Growing[np.int8] = Growing(np.empty(0, np.int8))
        self.deleted: Growing[np.int8] = Growing(np.empty(0, np.int8))
        self.start_ms: Growing[np.int64] = Growing(np.empty(0, np.int64))
        self.end_ms: Growing[np.int64] = Growing(np.empty(0, np.int64))
        self.ended: Growing[np.bool_] = Growing(np.empty(0, np.bool_))
        self.names = TextColumn(0)
        self.users = TextColumn(0)
        self.columns: dict[Field, Column] = {}
        self.saved: dict[Field, Callable[[], Column | None]] = {}
        self._saved_at = -1
        self._keys: dict[Field, int] = {}
        self._sorter: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        columns: list[Column] = [self.names, self.users, *self.columns.values()]
        return sum(one.nbytes for one in self.attributes().values()) + sum(one.nbytes for one in columns)

    def column(self, tx: Tx, field: Field) -> Any:
        """The column of a metric, param, tag, dataset field or ``artifact_uri``; read on first use."""
        made = self.columns.get(field)
        if made is None:
            if field.kind in _KEYED:
                self._learn_keys(tx, [field])
            made = self._unpacked(tx, field) or self._read(tx, field)
            self.columns[field] = made
        else:
            del self.columns[field]
            self.columns[field] = made  # the least recently used comes first
        return made

    def adopt(self, attributes: Mapping[str, Any], names: TextColumn, users: TextColumn, seen: int) -> None:
        """Take over what a snapshot holds; seen: the change number of then."""
        for name, array in attributes.items():
            setattr(self, name, Growing(array))
        self.names, self.users = names, users
        self.seen = self._saved_at = seen

    def computed(self, tx: Tx, field: Field, rows: Rows) -> NumberColumn:
        """A metric's column that has values in some rows only, and is not kept."""
        self._learn_keys(tx, [field])
        made = NumberColumn(len(self))
        self._put(tx, field, made, rows)
        return made

    def view(self, view: str) -> Mask:
        """bool[n]: the runs of a view: ACTIVE_ONLY, DELETED_ONLY or ALL."""
        deleted = self.deleted.array
        mask: Mask = deleted == 0 if view == "ACTIVE_ONLY" else deleted > 0 if view == "DELETED_ONLY" else deleted >= 0
        return mask

    def refresh(self, tx: Tx) -> None:
        """Be right for what ``tx`` sees.

        Raises:
            UnusualId: a run id that has no place here.
        """
        now = tx.change()
        if self.seen < 0:
            for runs in load.all_runs(tx, self.experiment):
                self._append(runs)
        elif tx.dialect.name != "sqlite" or now > self.seen:
            self._follow(tx)
        self.seen = max(self.seen, now)

    def worn(self) -> bool:
        """Whether so many of its runs are gone that it is better read anew."""
        return int((self.deleted.array == GONE).sum()) * _DEAD > len(self) + 1000

    def _follow(self, tx: Tx) -> None:
        if load.experiment_changed(tx, self.experiment, self.seen):
            # Whoever takes runs out of an experiment sets the experiment's own change number.
            there = np.isin(self.numbers.array, load.run_numbers(tx, self.experiment))
            self.deleted.array[~there] = GONE
        changed = load.changed_runs(tx, self.experiment, self.seen)
        if changed is None:
            return
        if len(changed.numbers) * _STALE > len(self) + 10_000:
            self.columns.clear()
            self.saved.clear()
        rows = self.rows_of(changed.numbers)
        known = rows >= 0
        self._update(rows[known], changed, known)
        if not known.all():
            self._append(changed.part(~known))
        self._reload(tx, self.rows_of(changed.numbers), self.columns)

    def rows_of(self, numbers: Rows) -> Rows:
        """int64[n]: the row of each run number, -1 where it has none."""
        own = self.numbers.array
        if not len(own):
            return np.full(len(numbers), -1, np.int64)
        if self._sorter is None:
            self._sorter = np.argsort(own, kind="stable")
        places = np.minimum(np.searchsorted(own, numbers, sorter=self._sorter), len(own) - 1)
        rows = self._sorter[places]
        return np.where(own[rows] == numbers, rows, -1)

    def attributes(self) -> dict[str, Growing[Any]]:
        """The arrays that every run has a value in, by name."""
        return {
            "numbers": self.numbers,
            "high": self.high,
            "low": self.low,
            "status": self.status,
            "deleted": self.deleted,
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "ended": self.ended,
        }

    def _append(self, runs: load.RunRows) -> None:
        first = len(self)
        for name, attribute in self.attributes().items():
            attribute.extend(getattr(runs, name))
        n = len(self)
        added = np.arange(first, n)
        for column, texts in ((self.names, runs.names), (self.users, runs.users)):
            column.grow(n)
            column.put(added, texts)
        for other in self.columns.values():
            other.grow(n)
        self._sorter = None

    def _update(self, rows: Rows, runs: load.RunRows, among: Mask) -> None:
        if not len(rows):
            return
        for name in ("status", "deleted", "start_ms", "end_ms", "ended"):
            self.attributes()[name].array[rows] = getattr(runs, name)[among]
        chosen = np.flatnonzero(among).tolist()
        self.names.put(rows, [runs.names[i] for i in chosen])
        self.users.put(rows, [runs.users[i] for i in chosen])

    def _read(self, tx: Tx, field: Field) -> Column:
        made = self._made(field)
        for chunk in self._chunks():
            self._put(tx, field, made, chunk)
        if not isinstance(made, NumberColumn):
            made.dictionary.pack()
        return made

    def _unpacked(self, tx: Tx, field: Field) -> Column | None:
        """A column out of the snapshot, with what has changed since."""
        unpack = self.saved.pop(field, None)
        if unpack is None:
            return None
        changed = self.rows_of(load.changed_numbers(tx, self.experiment, self._saved_at))
        if len(changed) * _STALE > len(self):
            return None
        made = unpack()
        if made is None:
            return None
        made.grow(len(self))
        self._reload(tx, changed[changed >= 0], {field: made})
        return made

    def _reload(self, tx: Tx, rows: Rows, columns: Mapping[Field, Column]) -> None:
        """Read the cells of changed runs again."""
        self._learn_keys(tx, [f for f in columns if f.kind in _KEYED and f not in self._keys])
        kept = {field: self._keys[field] for field in columns if field in self._keys and fieldrows.is_kept(field)}
        for start in range(0, len(rows), load.CHUNK):
            chunk = rows[start : start + load.CHUNK]
            for field, column in columns.items():
                if field.kind is not FieldKind.ATTRIBUTE:  # an artifact location never changes
                    column.clear(chunk)
                if field not in kept:
                    self._put(tx, field, column, chunk)
            for field, found, values in fieldrows.kept_values(tx, kept, self.numbers.array[chunk].tolist()):
                if len(found):
                    changed: Any = columns[field]
                    changed.put(self.rows_of(found), values)

    def _learn_keys(self, tx: Tx, fields: Sequence[Field]) -> None:
        if not fields:
            return
        ids = fieldrows.key_ids(tx, self.experiment, fields)
        for field in fields:
            if (field.kind, field.name) in ids:
                self._keys[field] = ids[field.kind, field.name]

    def _made(self, field: Field) -> NumberColumn | TextColumn | ManyTextsColumn:
        if field.kind is FieldKind.METRIC:
            return NumberColumn(len(self))
        return ManyTextsColumn(len(self)) if field.kind is FieldKind.DATASET else TextColumn(len(self))

    def _put(self, tx: Tx, field: Field, column: Any, rows: Rows) -> None:
        numbers = self.numbers.array[rows].tolist()
        if field.kind is FieldKind.DATASET:
            found, values = fieldrows.dataset_values(tx, field.name, numbers)
        elif field.kind is FieldKind.ATTRIBUTE:
            found, values = fieldrows.artifact_uris(tx, numbers)
        else:
            key = self._keys.get(field)
            if key is None:
                return
            if field.kind is FieldKind.METRIC:
                found, floats = fieldrows.metric_values(tx, field, key, numbers)
                column.put(self.rows_of(found), floats)
                return
            found, values = fieldrows.text_values(tx, field.kind, key, numbers)
        if len(found):
            column.put(self.rows_of(found), values)

    def _chunks(self) -> Iterable[Rows]:
        for start in range(0, len(self), load.CHUNK):
            yield np.arange(start, min(start + load.CHUNK, len(self)))
