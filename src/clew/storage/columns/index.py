"""The index over all experiments: which of them are kept in memory, and their answers put together."""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
import numpy as np

from clew.entities.run import ViewType
from clew.errors import NotSupported
from clew.query.ast import Expr, Field
from clew.query.order import Order
from clew.query.settle import fields_of
from clew.storage.columns import keep, load
from clew.storage.columns.arrays import Mask, Rows
from clew.storage.columns.column import VALUE
from clew.storage.columns.gathered import Values, joined, values_of
from clew.storage.columns.load import UnusualId
from clew.storage.columns.page import first_rows, rows_after
from clew.storage.columns.seen import Seen, is_passing
from clew.storage.columns.select import Selector
from clew.storage.columns.sorting import NO_CELL, Cell, sorted_by
from clew.storage.columns.table import RunTable
from clew.storage.engine import Tx
from clew.storage.history import MAX_RUNS, candidates, too_many

MIN_RUNS: Final = 20_000
"""Runs from which on an experiment is worth an index; fewer are searched by SQL in less than 20 ms."""

MAX_BYTES: Final = 1 << 30
"""What the columns of all experiments together may take, unless told otherwise."""


_MUCH: Final = 20  # a table is written anew when more than one run in so many changed

_log = logging.getLogger("clew.storage")


class Hit(msgspec.Struct, frozen=True):
    """A run of a page: its number, and its cell of each sort column."""

    number: int
    cells: tuple[Cell, ...]


class ColumnIndex:
    """Answers searches of runs from columns; safe to share between threads.

    min_runs: experiments with fewer are left to SQL. max_bytes: memory for all columns; beyond it the least
    recently used ones go, and an experiment that does not fit at all is left to SQL.
    folder: where :meth:`save` writes, and what it wrote is found again; None for nowhere.
    """

    def __init__(self, *, min_runs: int = MIN_RUNS, max_bytes: int = MAX_BYTES, folder: str | None = None) -> None:
        self.min_runs = min_runs
        self.max_bytes = max_bytes
        self._folder = folder
        self._tables: OrderedDict[int, _Kept] = OrderedDict()
        self._unfit: set[int] = set()
        self._gate = threading.Lock()

    def find(
        self,
        tx: Tx,
        experiments: Sequence[int],
        where: Expr | None,
        orders: Sequence[Order],
        view: ViewType,
        cut: Sequence[Cell] | None,
        count: int,
    ) -> tuple[list[Hit], int] | None:
        """The first ``count`` runs after ``cut``, and how many match in all; None where SQL is to answer.

        experiments: their numbers, each once.
        """
        if not self._wants(tx, experiments):
            return None
        hits: list[Hit] = []
        total = 0
        try:
            for experiment in experiments:
                with self._table(tx, experiment) as table:
                    found, matching = _search(tx, table, where, orders, view, cut, count)
                hits += found
                total += matching
        except UnusualId:
            return None
        if len(experiments) > 1:
            descending = [order.descending for order in orders] + [True, False]
            hits.sort(key=functools.cmp_to_key(functools.partial(_compare, descending)))
        return hits[:count], total

    def gather(
        self, tx: Tx, experiments: Sequence[int], where: Expr | None, view: ViewType, fields: Sequence[Field]
    ) -> dict[Field, Values]:
        """Columns of all runs that match; each has a value per run, in one order for all of them.

        Raises:
            NotSupported: a run's id is not 32 hex digits.
        """
        parts: dict[Field, list[Values]] = {field: [] for field in fields}
        with _explained():
            for experiment in experiments:
                with self._table(tx, experiment) as table:
                    seen, mask = _matching(tx, table, where, view, fields)
                    rows = np.flatnonzero(mask)
                    for field in fields:
                        parts[field].append(values_of(seen, field, rows))
        return {field: joined(found) for field, found in parts.items()}

    def pick(
        self, tx: Tx, experiments: Sequence[int], numbers: Rows, fields: Sequence[Field]
    ) -> tuple[Rows, dict[Field, Values]]:
        """Columns of chosen runs: their places in ``numbers``, and a value for each of these.

        numbers: of runs, each once; those of other experiments are left out. fields: none of ``dataset.…``, ``at``
        and ``last(n)``.

        Raises:
            NotSupported: a run's id is not 32 hex digits.
        """
        places: list[Rows] = [np.empty(0, np.int64)]
        parts: dict[Field, list[Values]] = {field: [] for field in fields}
        with _explained():
            for experiment in experiments:
                with self._table(tx, experiment) as table:
                    seen, rows = Seen(tx, table), table.rows_of(numbers)
                    own = np.flatnonzero(rows >= 0)
                    places.append(own)
                    for field in fields:
                        parts[field].append(values_of(seen, field, rows[own]))
        return np.concatenate(places), {field: joined(found) for field, found in parts.items() if found}

    @contextmanager
    def _table(self, tx: Tx, experiment: int) -> Iterator[RunTable]:
        """An experiment's table, right for ``tx``, for the time of the block."""
        kept = self._kept(experiment)
        with kept.lock:
            try:
                table = kept.fresh(tx, self._path(experiment))
            except UnusualId:
                self._give_up(experiment)
                raise
            yield table
            self._tidy(kept)

    @property
    def nbytes(self) -> int:
        """What all columns take in memory."""
        with self._gate:
            return sum(kept.nbytes for kept in self._tables.values())

    def save(self, tx: Tx) -> None:
        """Write the tables that changed much since they were written; a disk that refuses is no harm."""
        if self._folder is None:
            return
        with self._gate:
            tables = list(self._tables.values())
        for kept in tables:
            with kept.lock:
                try:
                    if kept.table.seen >= 0 and kept.unsaved(tx):
                        os.makedirs(self._folder, exist_ok=True)
                        kept.save(tx, str(self._path(kept.table.experiment)))
                except UnusualId:
                    continue
                except OSError as error:
                    _log.warning("the column index is not kept on disk: %s", error)
                    return

    def _path(self, experiment: int) -> str | None:
        return None if self._folder is None else os.path.join(self._folder, f"runs-{experiment}.columns")

    def _wants(self, tx: Tx, experiments: Sequence[int]) -> bool:
        """Whether the experiments together are large enough, and all fit."""
        if not experiments or not self.max_bytes or not self._unfit.isdisjoint(experiments):
            return False
        left = self.min_runs
        for experiment in experiments:
            row = tx.one(
                "SELECT count(*) FROM (SELECT 1 FROM run WHERE experiment_id = :experiment LIMIT :enough) r",
                experiment=experiment,
                enough=left,
            )
            left -= int(row[0]) if row else 0
            if left <= 0:
                return True
        return False

    def _kept(self, experiment: int) -> _Kept:
        with self._gate:
            kept = self._tables.get(experiment)
            if kept is None:
                kept = self._tables[experiment] = _Kept(experiment)
            self._tables.move_to_end(experiment)
            return kept

    def _give_up(self, experiment: int) -> None:
        with self._gate:
            self._unfit.add(experiment)
            self._tables.pop(experiment, None)

    def _tidy(self, used: _Kept) -> None:
        """Keep within the memory: whole experiments that were not used for long go first, then columns of this one."""
        used.nbytes = used.table.nbytes
        with self._gate:
            spare = self.max_bytes - sum(kept.nbytes for kept in self._tables.values())
            for experiment in list(self._tables):
                if spare >= 0:
                    return
                if self._tables[experiment] is not used:
                    spare += self._tables.pop(experiment).nbytes
        columns = used.table.columns
        while spare < 0 and columns:
            spare += columns.pop(next(iter(columns))).nbytes
        used.nbytes = used.table.nbytes
        if spare < 0:
            self._give_up(used.table.experiment)


def index_of(tx: Tx) -> ColumnIndex | None:
    """The index of a transaction's store."""
    index = tx.place.columns
    return index if isinstance(index, ColumnIndex) else None


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except UnusualId:
        raise NotSupported(
            "A run of these experiments has an id that is not 32 hex digits; such runs are found, but not counted over."
        ) from None


class _Kept:
    """One experiment's table and the lock under which it is used."""

    def __init__(self, experiment: int) -> None:
        self.lock = threading.Lock()
        self.table = RunTable(experiment)
        self.nbytes = 0
        self._saved_at = -1
        self._saved_columns = 0

    def fresh(self, tx: Tx, path: str | None) -> RunTable:
        if self.table.worn():
            self.table = RunTable(self.table.experiment)
        elif self.table.seen < 0 and path is not None:
            saved = keep.restore(tx, self.table.experiment, path)
            if saved is not None:
                self.table = saved
                self._saved_at, self._saved_columns = saved.seen, len(saved.saved)
        try:
            self.table.refresh(tx)
        except BaseException:
            self.table = RunTable(self.table.experiment)  # half of a change would stay for good
            raise
        return self.table

    def unsaved(self, tx: Tx) -> bool:
        """Whether writing the table is worth it: it has new columns, or many runs changed since it was written."""
        if len(self.table.columns) > self._saved_columns or self._saved_at < 0:
            return True
        changed = load.changed_numbers(tx, self.table.experiment, self._saved_at)
        return len(changed) * _MUCH > len(self.table)

    def save(self, tx: Tx, path: str) -> None:
        for field in list(self.table.saved):
            self.table.column(tx, field)  # what only the old file holds must be in the new one, too
        keep.save(tx, self.fresh(tx, None), path)
        self._saved_at, self._saved_columns = self.table.seen, len(self.table.columns)


def _search(
    tx: Tx,
    table: RunTable,
    where: Expr | None,
    orders: Sequence[Order],
    view: ViewType,
    cut: Sequence[Cell] | None,
    count: int,
) -> tuple[list[Hit], int]:
    seen, mask = _matching(tx, table, where, view, [order.field for order in orders])
    matching = int(np.count_nonzero(mask))
    columns = sorted_by(seen, orders)
    cells = [NO_CELL] * len(columns) if cut is None else cut
    keys = [key for (by, down), cell in zip(columns, cells, strict=True) for key in by.keys(cell, down)]
    rows = np.flatnonzero(mask) if cut is None else rows_after(keys, mask)
    rows = first_rows(keys, rows, count)
    numbers = table.numbers.array[rows].tolist()
    shown = zip(*(by.cells(rows) for by, _ in columns), strict=True)
    return [Hit(number, cells) for number, cells in zip(numbers, shown, strict=True)], matching


def _matching(
    tx: Tx, table: RunTable, where: Expr | None, view: ViewType, others: Sequence[Field]
) -> tuple[Seen, Mask]:
    """bool[n]: the rows that match. others: fields that are read of them, beside those of the filter."""
    seen = Seen(tx, table)
    mask: Mask = table.view(view)
    passing = [field for field in dict.fromkeys([*fields_of(where), *others]) if is_passing(field)]
    if passing:
        maybe = np.flatnonzero(mask & Selector(seen).mask(candidates(where, passing, is_passing)))
        if len(maybe) > MAX_RUNS:
            raise too_many(passing[0])
        seen.compute(passing, maybe)
    if where is not None:
        mask &= Selector(seen).mask(where)
    return seen, mask


def _compare(descending: Sequence[bool], one: Hit, other: Hit) -> int:
    for (rank, value), (other_rank, other_value), down in zip(one.cells, other.cells, descending, strict=True):
        if rank != other_rank:
            return rank - other_rank
        if rank == VALUE and value != other_value:
            return 1 if (value > other_value) is not down else -1
    return 0
