"""What the machine itself can do: the bounds that figures are held against."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.result import seconds

TIME_MS = 1_700_000_000_000
_ROWS = "INSERT INTO point VALUES (?, ?, ?, ?, ?)"


def comparing(count: int) -> Callable[[], float]:
    """Measures one numpy comparison of so many floats, and the count of what passed, in ms."""
    values = np.random.default_rng(3).random(count)
    return lambda: seconds(lambda: int((values > 0.5).sum())) * 1000


def copy_ms(size: int) -> float:
    """A copy of so many bytes in memory; best of 5."""
    octets = np.ones(size, np.uint8)  # zeros would be one page of memory, seen many times
    return min(seconds(octets.copy) for _ in range(5)) * 1000


def sync_ms(folder: Path, rounds: int = 200) -> float:
    """Appending 4 KB to a file and ``fdatasync``; median."""
    path = folder / "sync.bin"
    with path.open("wb", buffering=0) as file:

        def append() -> None:
            file.write(b"\0" * 4096)
            os.fdatasync(file.fileno())

        taken = [seconds(append) for _ in range(rounds)]
    path.unlink()
    return median(taken) * 1000


def insert_speed(folder: Path, rows: int = 200_000, per_transaction: int | None = None) -> float:
    """Rows per second of ``sqlite3``'s ``executemany`` into a table without an index, durably.

    per_transaction: rows; all in one without it.
    """
    path = folder / "rows.db"
    step = per_transaction or rows
    with closing(sqlite3.connect(path)) as database:
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        database.execute("CREATE TABLE point (run INT, key INT, step INT, ts INT, value REAL)")

        def insert() -> None:
            for first in range(0, rows, step):
                with database:
                    database.executemany(
                        _ROWS, [(1, i % 20, i, TIME_MS + i, i / 7) for i in range(first, first + step)]
                    )

        speed = rows / seconds(insert)
    for file in folder.glob("rows.db*"):
        file.unlink()
    return speed
