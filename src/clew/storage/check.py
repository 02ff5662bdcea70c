"""Whether a store is sound: the database's own check, rows that belong together, points that can be read, summaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from clew.storage import chunks, migrate
from clew.storage.chunks import Block
from clew.storage.engine import Place, Session, Tx
from clew.storage.gather import gather
from clew.storage.summary import summarize

T = TypeVar("T")

SHOWN: Final = 20  # problems of one kind that are named
_PARTS: Final = (
    ("metric_block", "rn", "run", "rn"),
    ("metric_chunk", "rn", "run", "rn"),
    ("latest_metric", "rn", "run", "rn"),
    ("latest_metric", "key", "key", "id"),
    ("param", "rn", "run", "rn"),
    ("param", "key", "key", "id"),
    ("tag", "rn", "run", "rn"),
    ("tag", "key", "key", "id"),
    ("run", "experiment_id", "experiment", "id"),
    ("run_input", "rn", "run", "rn"),
    ("run_input", "dataset_id", "dataset", "id"),
    ("run_model", "rn", "run", "rn"),
    ("experiment_tag", "experiment_id", "experiment", "id"),
    ("logged_model", "experiment_id", "experiment", "id"),
)
_SUMMARY: Final = "value, is_nan, step, ts, first_value, first_nan, first_step, first_ts, min_value, max_value"
_KEPT: Final = (2, 3, 4, 5, 7, 8, 9, 10, 11, 12)  # the same columns of a summary


class Checked(msgspec.Struct):
    """What was looked at, and what is wrong. problems: in words, empty for a sound store."""

    runs: int = 0
    points: int = 0
    problems: list[str] = []


def check(session: Session, shown: str, *, quick: bool = False, say: Callable[[str], None] = lambda _: None) -> Checked:
    """Look through the whole store; a server may be at work on it.

    quick: leave out points and summaries, and the slow half of SQLite's own check.
    say: hears what is being looked at.

    Raises:
        ForeignStore: it is no store of ours.
    """
    found = Checked()
    waiting = migrate.pending(session, shown)
    if waiting:
        found.problems.append(f"the schema is old; run `clew db upgrade` ({', '.join(m.name for m in waiting)})")
        return found
    if session.dialect.name == "sqlite":
        say("the file")
        pragma = "quick_check" if quick else "integrity_check"
        rows = session.all(f"PRAGMA {pragma}({SHOWN})", {})
        found.problems += [f"the file: {text}" for (text,) in rows if text != "ok"]
    say("rows that belong together")
    for table, column, owner, key in _PARTS:
        count = _read(session, partial(_strays, table=table, column=column, owner=owner, key=key))
        if count:
            found.problems.append(f"{count} rows of {table} name a {owner} that does not exist")
    numbers = _read(session, lambda tx: [(rn, run_id) for rn, run_id in tx.all("SELECT rn, run_id FROM run")])
    found.runs = len(numbers)
    if not quick:
        say("points and summaries")
        for rn, run_id in numbers:
            # A transaction for each run: a long one would keep the write-ahead log from shrinking.
            points, problems = _read(session, partial(_check_run, rn=rn, run_id=run_id))
            found.points += points
            found.problems += problems
    return found


def _read(session: Session, look: Callable[[Tx], T]) -> T:
    session.begin(write=False)
    try:
        return look(Tx(session, Place("", lambda: 0)))
    finally:
        session.rollback()


def _strays(tx: Tx, table: str, column: str, owner: str, key: str) -> int:
    sql = f"SELECT count(*) FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM {owner} o WHERE o.{key} = t.{column})"
    row = tx.one(sql)
    return int(row[0]) if row else 0


def _check_run(tx: Tx, rn: int, run_id: str) -> tuple[int, list[str]]:
    """Points of the run, and what is wrong with them."""
    problems = list(_unreadable(tx, rn, run_id))
    if problems:
        return 0, problems
    stored = {row[0]: row[1:] for row in tx.all(f"SELECT key, {_SUMMARY} FROM latest_metric WHERE rn = :rn", rn=rn)}
    pieces = gather(tx, [rn], sorted(stored))
    total = 0
    for key, kept in stored.items():
        if (rn, key) not in pieces:
            problems.append(f"run {run_id}: a summary of metric {_name(tx, key)!r} has no points")
            continue
        points = chunks.sort_unique(pieces[rn, key].points(), by_time=False)
        total += len(points)
        (summary,) = summarize(np.full(len(points), rn, np.int64), points)
        if tuple(summary[i] for i in _KEPT) != tuple(kept):
            problems.append(f"run {run_id}: the summary of metric {_name(tx, key)!r} differs from its points")
    return total, problems


def _unreadable(tx: Tx, rn: int, run_id: str) -> Iterator[str]:
    for table in ("metric_block", "metric_chunk"):
        for lo, n, body in tx.all(f"SELECT lo, n, body FROM {table} WHERE rn = :rn", rn=rn):
            try:
                count = len(Block(body).points())
            except Exception as error:  # noqa: BLE001 - damaged bytes can fail in any way
                yield f"run {run_id}: a row of {table} (lo {lo}) cannot be read: {error}"
                continue
            if count != n:
                yield f"run {run_id}: a row of {table} (lo {lo}) holds {count} points, not {n}"


def _name(tx: Tx, key: int) -> Any:
    row = tx.one("SELECT name FROM key WHERE id = :key", key=key)
    return row[0] if row else key
