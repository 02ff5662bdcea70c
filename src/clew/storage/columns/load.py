"""From SQL to arrays: the runs of an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.storage.columns.arrays import Mask, Rows
from clew.storage.engine import Row, Tx

CHUNK: Final = 65_536
"""Runs that are read at once."""

_RUN: Final = "SELECT rn, run_id, name, user_id, status, start_ms, end_ms, deleted FROM run"


class RunRows(msgspec.Struct, frozen=True):
    """Some runs as columns.

    numbers, start_ms, end_ms: int64[n]; ended: bool[n], whether ``end_ms`` counts.
    high, low: uint64[n], the two halves of the run id's 128 bits.
    status, deleted: int8[n], as stored.
    """

    numbers: Rows
    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    names: list[str]
    users: list[str]
    status: NDArray[np.int8]
    start_ms: Rows
    end_ms: Rows
    ended: NDArray[np.bool_]
    deleted: NDArray[np.int8]

    def part(self, among: Mask) -> RunRows:
        """The runs that are marked."""
        chosen = np.flatnonzero(among).tolist()
        return RunRows(
            numbers=self.numbers[among],
            high=self.high[among],
            low=self.low[among],
            names=[self.names[i] for i in chosen],
            users=[self.users[i] for i in chosen],
            status=self.status[among],
            start_ms=self.start_ms[among],
            end_ms=self.end_ms[among],
            ended=self.ended[among],
            deleted=self.deleted[among],
        )


class UnusualId(Exception):
    """A run id is not 32 lower-case hex digits; the experiment is searched by SQL."""


def all_runs(tx: Tx, experiment: int) -> Iterator[RunRows]:
    """Every run of an experiment, in order of their numbers, a chunk at a time.

    Raises:
        UnusualId: a run id that has no place here.
    """
    last = -1
    while True:
        # The plus keeps both databases from an index that would have them sort everything for each chunk.
        rows = tx.all(
            f"{_RUN} WHERE +experiment_id = :experiment AND rn > :last ORDER BY rn LIMIT :chunk",
            experiment=experiment,
            last=last,
            chunk=CHUNK,
        )
        if rows:
            yield _run_rows(rows)
            last = rows[-1][0]
        if len(rows) < CHUNK:
            return


def changed_runs(tx: Tx, experiment: int, since: int) -> RunRows | None:
    """The runs of an experiment that changed, None for none.

    since: change number that was seen; on PostgreSQL the first that may not have been.

    Raises:
        UnusualId: a run id that has no place here.
    """
    newer = ">" if tx.dialect.name == "sqlite" else ">="
    rows = tx.all(
        f"{_RUN} WHERE experiment_id = :experiment AND change {newer} :since ORDER BY rn",
        experiment=experiment,
        since=since,
    )
    return _run_rows(rows) if rows else None


def changed_numbers(tx: Tx, experiment: int, since: int) -> Rows:
    """int64[n]: the runs of an experiment that changed; since: as in :func:`changed_runs`."""
    newer = ">" if tx.dialect.name == "sqlite" else ">="
    rows = tx.all(
        f"SELECT rn FROM run WHERE experiment_id = :experiment AND change {newer} :since",
        experiment=experiment,
        since=since,
    )
    return np.array([row[0] for row in rows], np.int64)


def newest_change(tx: Tx, experiment: int) -> tuple[int, str, int] | None:
    """Number, id and change of the run that changed last."""
    row = tx.one(
        "SELECT rn, run_id, change FROM run WHERE experiment_id = :experiment ORDER BY change DESC, rn DESC LIMIT 1",
        experiment=experiment,
    )
    return None if row is None else (row[0], row[1], row[2])


def still_holds(tx: Tx, witness: tuple[int, str, int], seen: int) -> bool:
    """Whether a run is what it was, or changed or went after ``seen``: a database put back from a copy shows here."""
    number, run_id, change = witness
    row = tx.one("SELECT run_id, change FROM run WHERE rn = :number", number=number)
    return row is None or (row[0] == run_id and (row[1] == change or row[1] > seen))


def store_identity(tx: Tx) -> str:
    """A text that tells this database from others."""
    row = tx.one("SELECT applied_ms FROM migration WHERE number = 1")
    return f"{tx.dialect.name} {row[0] if row else 0}"


def run_numbers(tx: Tx, experiment: int) -> Rows:
    """int64[n]: the runs that are in an experiment now."""
    rows = tx.all("SELECT rn FROM run WHERE experiment_id = :experiment", experiment=experiment)
    return np.array([row[0] for row in rows], np.int64)


def experiment_changed(tx: Tx, experiment: int, since: int) -> bool:
    """Whether an experiment itself changed, or is gone; since: as in :func:`changed_runs`."""
    row = tx.one("SELECT change FROM experiment WHERE id = :experiment", experiment=experiment)
    return row is None or row[0] >= since + (tx.dialect.name == "sqlite")


def _run_rows(rows: list[Row]) -> RunRows:
    numbers, ids, names, users, status, start, end, deleted = zip(*rows, strict=True)
    high, low = _halves(ids)
    return RunRows(
        numbers=np.array(numbers, np.int64),
        high=high,
        low=low,
        names=list(names),
        users=list(users),
        status=np.array(status, np.int8),
        start_ms=np.array(start, np.int64),
        end_ms=np.array([0 if ms is None else ms for ms in end], np.int64),
        ended=np.array([ms is not None for ms in end], np.bool_),
        deleted=np.array(deleted, np.int8),
    )


def _halves(ids: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    joined = "".join(ids)
    try:
        raw = bytes.fromhex(joined)
    except ValueError:
        raise UnusualId from None
    if raw.hex() != joined or any(len(one) != 32 for one in ids):
        raise UnusualId
    words = np.frombuffer(raw, ">u8").astype(np.uint64)
    return words[0::2].copy(), words[1::2].copy()
