"""SQLite through apsw: connections, pragmas, and errors in words.

Only apsw's own SQLite opens the file: older ones have a race in WAL mode that can corrupt it
(fixed in 3.51.3), and two SQLite libraries in one process break each other's file locks.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

import apsw

from clew.errors import ClewError, Corrupt, DeadlineExceeded, ForeignStore, Unavailable
from clew.query.match import fits
from clew.storage.dialect import SQLITE, bind_sqlite
from clew.storage.engine import TOO_SLOW, Row

BUSY_TIMEOUT_MS: Final = 10_000
PAGE_BYTES: Final = 8192
CACHE_KIB: Final = {"writer": 65_536, "reader": 16_384}
LOOK_EVERY: Final = 500_000  # SQLite's steps between looks at the clock: 10 to 30 ms, since a look waits for Python
MAPPED_BYTES: Final = 1 << 31  # what SQLite maps at the most


def path_of(url: str) -> str:
    """The absolute path of the file that ``sqlite:///relative`` or ``sqlite:////absolute`` names."""
    return os.path.abspath(url.removeprefix("sqlite:///"))


def prepare(path: str) -> None:
    """Make the file's folder, and refuse early what SQLite would explain badly.

    Raises:
        Unavailable: the folder cannot be made or written.
        ForeignStore: the path is a folder, or a file that is no SQLite database.
    """
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"The store's folder {folder} cannot be made: {error.strerror}. Create it or give another place."
        ) from error
    if os.path.isdir(path):
        raise ForeignStore(f"{path} is a folder, not a database file; name a file in it, e.g. {path}/clew.db.")
    if not os.path.exists(path):
        if not os.access(folder, os.W_OK):
            raise Unavailable(f"The folder {folder} is read-only; make it writable or give another place.")
        return
    with _explained(path, OSError), open(path, "rb") as file:
        start = file.read(16)
    if start and start != b"SQLite format 3\x00":
        raise ForeignStore(f"{path} is not a database; give another file name, this one is left as it is.")
    for place in (path, folder):
        if not os.access(place, os.W_OK):
            raise Unavailable(f"The store {path} is read-only; make {place} writable, or copy the store elsewhere.")


class SqliteSession:
    """One connection to one file."""

    dialect = SQLITE

    def __init__(self, path: str, role: str = "reader") -> None:
        self._path = path
        with _explained(path):
            self._db = apsw.Connection(path, statementcachesize=512)
            self._db.set_busy_timeout(BUSY_TIMEOUT_MS)
            self._cursor = self._db.cursor()
            if role == "writer":
                self._db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
                # Takes effect in new files only, and lets deleted runs' pages go back to the file system later.
                self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
                # The mode is kept in the file: another program's database stays as it is, and is refused later.
                if not self._holds("1") or self._holds("name = 'migration'"):
                    self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            # The compactor checkpoints; a writer that did would make its clients wait for it.
            self._db.execute("PRAGMA wal_autocheckpoint = 0")
            self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB[role]}")
            if role == "reader":
                # A search touches more pages than any cache of our own should hold; the system's is shared by all.
                self._db.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
            self._db.execute("PRAGMA temp_store = MEMORY")
            # apsw's stubs know only functions of any number of values.
            matcher = cast("Callable[..., apsw.SQLiteValue]", fits)
            self._db.create_scalar_function("clew_match", matcher, 3, deterministic=True)
            self._db.set_progress_handler(self._late, LOOK_EVERY)
        self._version = -1
        self._ends_s = math.inf

    def _late(self) -> bool:
        return time.monotonic() > self._ends_s

    def _holds(self, condition: str) -> bool:
        """Whether the database has a table or index of which ``condition`` is true."""
        return self._db.execute(f"SELECT 1 FROM sqlite_master WHERE {condition} LIMIT 1").fetchone() is not None

    def all(self, sql: str, params: Mapping[str, Any]) -> list[Row]:
        """All rows of a statement."""
        try:
            return self._cursor.execute(sql, _bound(params)).fetchall()
        except apsw.Error as error:
            raise explain(error, self._path) from error

    def run(self, sql: str, params: Mapping[str, Any]) -> int:
        """How many rows the statement changed."""
        try:
            self._cursor.execute(sql, _bound(params)).fetchall()
        except apsw.Error as error:
            raise explain(error, self._path) from error
        return self._db.changes()

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run one statement once per row of parameters."""
        try:
            self._cursor.executemany(sql, rows)
        except apsw.Error as error:
            raise explain(error, self._path) from error

    def batch(self, sql: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:  # noqa: ARG002
        """Run a statement of ``Dialect.insert`` or ``delete``; how many rows it added, changed or deleted."""
        before = self._db.total_changes()
        try:
            self._cursor.executemany(sql, rows)
        except apsw.Error as error:
            raise explain(error, self._path) from error
        return self._db.total_changes() - before

    def script(self, text: str) -> None:
        """Run several statements without parameters."""
        self.run(text, {})

    def begin(self, write: bool, limit_s: float = 0.0) -> None:
        """Open a transaction; a writing one takes the write lock at once."""
        self._ends_s = time.monotonic() + limit_s if limit_s else math.inf
        self.run("BEGIN IMMEDIATE" if write else "BEGIN", {})

    def commit(self) -> None:
        """Make the transaction durable."""
        self.run("COMMIT", {})

    def rollback(self) -> None:
        """Drop the transaction, if one is open."""
        if self._db.in_transaction:
            self.run("ROLLBACK", {})

    def usable(self) -> bool:
        """Whether the transaction is still open: a full disk, for one, ends it."""
        return self._db.in_transaction

    def refreshed(self) -> bool:
        """Whether another connection committed since this was last asked."""
        version = self.all("PRAGMA data_version", {})[0][0]
        changed: bool = version != self._version
        self._version = version
        return changed

    def checkpoint(self, mode: str) -> None:
        """Copy the write-ahead log into the file; ``PASSIVE`` waits for nobody, ``TRUNCATE`` empties it too."""
        flag = {"PASSIVE": apsw.SQLITE_CHECKPOINT_PASSIVE, "TRUNCATE": apsw.SQLITE_CHECKPOINT_TRUNCATE}[mode]
        try:
            self._db.wal_checkpoint(mode=flag)
        except (apsw.BusyError, apsw.LockedError):
            return  # a reader or the writer is at it; the next round tries again
        except apsw.Error as error:
            raise explain(error, self._path) from error

    def close(self) -> None:
        """End the connection."""
        self._cursor.close(force=True)
        self._db.close(force=True)


def _bound(params: Mapping[str, Any]) -> Mapping[str, Any]:
    for value in params.values():
        if type(value) is list or type(value) is tuple:
            return {k: bind_sqlite(v) if type(v) in (list, tuple) else v for k, v in params.items()}
    return params


class _explained:  # noqa: N801 - reads as a word in a with statement
    def __init__(self, path: str, *also: type[Exception]) -> None:
        self._path = path
        self._kinds: tuple[type[Exception], ...] = (apsw.Error, *also)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, self._kinds):
            raise explain(error, self._path) from error


_TEXTS: tuple[tuple[type[Exception], Callable[[str], ClewError]], ...] = (
    (
        apsw.BusyError,
        lambda path: Unavailable(
            f"The store {path} is busy: another program has held its write lock for {BUSY_TIMEOUT_MS // 1000} s."
            " Try again, or end that program."
        ),
    ),
    (apsw.InterruptError, lambda _: DeadlineExceeded(TOO_SLOW)),
    (apsw.FullError, lambda path: Unavailable(f"The disk of {path} is full; nothing was written. Free some space.")),
    (
        apsw.ReadOnlyError,
        lambda path: Unavailable(f"The store {path} is read-only; make its file and folder writable."),
    ),
    (
        apsw.CantOpenError,
        lambda path: Unavailable(f"The store {path} cannot be opened; check its folder's permissions."),
    ),
    (apsw.NotADBError, lambda path: ForeignStore(f"{path} is not a database; give another file name.")),
    (apsw.CorruptError, lambda path: Corrupt(f"The store {path} is damaged; restore it from a backup.")),
    (
        apsw.IOError,
        lambda path: Unavailable(
            f"The disk of {path} answered with an error, and nothing was written. If it is full or over its quota, free"
            " some space; else check it."
        ),
    ),
    (PermissionError, lambda path: Unavailable(f"The store {path} may not be read by this user.")),
    (OSError, lambda path: Unavailable(f"The store {path} cannot be read.")),
)


def explain(error: Exception, path: str) -> Exception:
    """The error as one of ours, where its cause lies outside the program; else unchanged."""
    for kind, text in _TEXTS:
        if isinstance(error, kind):
            return text(path)
    return error
