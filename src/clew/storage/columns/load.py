"""From SQL to arrays: the runs of an experiment, and the values of one field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.query.ast import Field, FieldKind
from clew.storage.columns.arrays import Floats, Mask, Rows
from clew.storage.engine import Row, Tx
from clew.storage.keys import METRIC, PARAM, TAG
from clew.storage.pointvalues import point_values

CHUNK: Final = 65_536
"""Runs that are read at once."""

KEY_KINDS: Final = {FieldKind.METRIC: METRIC, FieldKind.PARAM: PARAM, FieldKind.TAG: TAG}
_KEPT: Final = {"": "value", "first": "first_value", "min": "min_value", "max": "max_value"}
_TEXT_TABLES: Final = {FieldKind.PARAM: "param", FieldKind.TAG: "tag"}
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


def key_ids(tx: Tx, experiment: int, fields: Sequence[Field]) -> dict[tuple[FieldKind, str], int]:
    """The key ids of metrics, params and tags; those that nobody logged are left out."""
    kinds = {number: kind for kind, number in KEY_KINDS.items()}
    rows = tx.all(
        f"SELECT kind, name, id FROM key WHERE experiment_id = :experiment AND {tx.dialect.any_of('name', 'names')}",
        experiment=experiment,
        names=sorted({field.name for field in fields}),
    )
    return {(kinds[kind], name): number for kind, name, number in rows}


def metric_values(tx: Tx, field: Field, key: int, runs: Sequence[int]) -> tuple[Rows, Floats]:
    """Run numbers and values of one metric's summary; runs without it are left out.

    runs: those to look at. Cost: for what is not kept at write, all points of the metric are read.
    """
    if field.summary not in _KEPT:
        values = point_values(tx, runs, {field.name: [key]}, [field])[field]
        return np.fromiter(values, np.int64, len(values)), np.fromiter(values.values(), np.float64, len(values))
    column = _KEPT[field.summary]
    # A series of NaN only has no least and no largest value.
    may_be_nan = field.summary in ("", "first")
    if tx.dialect.name == "sqlite":
        value = f"coalesce(v.{column}, CASE WHEN v.rn IS NOT NULL THEN 'nan' END)" if may_be_nan else f"v.{column}"
        numbers, found = _in_step(tx, "latest_metric", value, key, runs)
        return numbers, np.array(found, np.float64)
    filled = "" if may_be_nan else f" AND {column} IS NOT NULL"
    rows = tx.all(
        f"SELECT rn, {column} FROM latest_metric WHERE key = :key AND {tx.dialect.any_of('rn', 'runs')}{filled}",
        key=key,
        runs=runs,
    )
    return _numbers(rows)


def text_values(tx: Tx, kind: FieldKind, key: int, runs: Sequence[int]) -> tuple[Rows, list[str]]:
    """Run numbers and texts of one param or tag."""
    table = _TEXT_TABLES[kind]
    if tx.dialect.name == "sqlite":
        return _in_step(tx, table, "v.value", key, runs)
    rows = tx.all(
        f"SELECT rn, value FROM {table} WHERE key = :key AND {tx.dialect.any_of('rn', 'runs')}", key=key, runs=runs
    )
    return _texts(rows)


def _in_step(tx: Tx, table: str, value: str, key: int, runs: Sequence[int]) -> tuple[Rows, list[Any]]:
    """Run numbers and what ``value`` says of the rows of one key, as the alias ``v``; where it is NULL, nothing is.

    One value per run in the order of ``runs`` needs no run numbers out of the database, which is a third of the cost.
    """
    # For SQLite the left side of an outer join is always the outer loop, and an array is read from its start.
    rows = tx.all(
        f"SELECT {value} FROM carray(:runs) r LEFT JOIN {table} v ON v.rn = r.value AND v.key = :key",
        key=key,
        runs=runs,
    )
    values = [one for (one,) in rows]
    numbers = np.array(runs, np.int64)
    if None not in values:
        return numbers, values
    there = [place for place, one in enumerate(values) if one is not None]
    return numbers[there], [values[place] for place in there]


def dataset_values(tx: Tx, name: str, runs: Sequence[int]) -> tuple[Rows, list[str]]:
    """Run numbers and names, digests or contexts of the datasets that runs used; a run may come several times."""
    value = "i.context" if name == "context" else f"d.{name}"
    rows = tx.all(
        f"SELECT i.rn, {value} FROM run_input i JOIN dataset d ON d.id = i.dataset_id"
        f" WHERE {value} IS NOT NULL AND {tx.dialect.any_of('i.rn', 'runs')}",
        runs=runs,
    )
    return _texts(rows)


def artifact_uris(tx: Tx, runs: Sequence[int]) -> tuple[Rows, list[str]]:
    """Run numbers and artifact locations."""
    return _texts(tx.all(f"SELECT rn, artifact_uri FROM run WHERE {tx.dialect.any_of('rn', 'runs')}", runs=runs))


def _numbers(rows: list[Row]) -> tuple[Rows, Floats]:
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.float64)
    numbers, values = zip(*rows, strict=True)
    return np.array(numbers, np.int64), np.array([math.nan if v is None else v for v in values], np.float64)


def _texts(rows: list[Row]) -> tuple[Rows, list[str]]:
    return np.array([row[0] for row in rows], np.int64), [row[1] for row in rows]


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
