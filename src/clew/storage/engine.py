"""Transactions: what storage functions are given, the same on both databases.

A function of this package takes a :class:`Tx` first and speaks SQL with ``:name`` parameters.
Who opens, groups and commits transactions is ``committer`` and ``store``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from clew.errors import TooManyRequests
from clew.storage.dialect import Dialect
from clew.storage.memory import Memory
from clew.storage.points import PointBuffer

T = TypeVar("T")
Row = tuple[Any, ...]

MAX_UNCOMPACTED: Final = 4_000_000  # points; above it writers wait for the compactor (measured: storage.md 1e)


TOO_SLOW: Final = (
    "The query took longer than this server allows (--query-timeout). Narrow it, by fewer experiments or a shorter"
    " filter, or ask for less at once; or have the limit raised."
)


class TryAgain(Exception):
    """The database asks to repeat the whole transaction (deadlock, say); never leaves this package."""


class Session(Protocol):
    """One connection of one database; used by one thread at a time."""

    dialect: Dialect

    def all(self, sql: str, params: Mapping[str, Any]) -> list[Row]:
        """All rows of a statement."""
        ...

    def run(self, sql: str, params: Mapping[str, Any]) -> int:
        """How many rows the statement changed."""
        ...

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run one statement once per row of parameters."""
        ...

    def batch(self, sql: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement of ``Dialect.insert`` or ``delete``; how many rows it added, changed or deleted."""
        ...

    def script(self, text: str) -> None:
        """Run several statements without parameters."""
        ...

    def begin(self, write: bool, limit_s: float = 0.0) -> None:
        """Open a transaction; a reading one sees one snapshot throughout.

        limit_s: seconds after which its statements end with DeadlineExceeded; 0 for never.
        """
        ...

    def commit(self) -> None:
        """Make the transaction durable; returns when it is on disk."""
        ...

    def rollback(self) -> None:
        """Drop the transaction, if one is open."""
        ...

    def usable(self) -> bool:
        """Whether the open transaction can go on: False after an error that ended it."""
        ...

    def refreshed(self) -> bool:
        """Whether anyone else changed the database since this was last asked."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class Place:
    """What a transaction knows of its store: the clock, where artifacts go, and the column index, if there is one.

    columns: ``columns.index.index_of`` says what it is; that module stands above this one.
    """

    __slots__ = ("artifact_root", "clock", "columns")

    def __init__(self, artifact_root: str, clock: Callable[[], int], columns: object = None) -> None:
        self.artifact_root = artifact_root
        self.clock = clock
        self.columns = columns


class Tx:
    """One transaction.

    A list or tuple given as a parameter is bound as an array; test membership with
    ``tx.dialect.any_of(column, parameter)``.
    """

    __slots__ = ("_session", "dialect", "memory", "place")

    def __init__(self, session: Session, place: Place) -> None:
        self._session = session
        self.dialect = session.dialect
        self.place = place
        self.memory: Memory | None = None

    def all(self, sql: str, /, **params: Any) -> list[Row]:
        """All rows."""
        return self._session.all(sql, params)

    def one(self, sql: str, /, **params: Any) -> Row | None:
        """The first row, or None."""
        rows = self.all(sql, **params)
        return rows[0] if rows else None

    def run(self, sql: str, /, **params: Any) -> int:
        """How many rows were changed."""
        return self._session.run(sql, params)

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """One statement, once per row of parameters."""
        self._session.many(sql, rows)

    def batch(self, sql: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
        """Add or delete many rows, each a value per column, by a statement of ``Dialect.insert`` or ``delete``.

        Returns how many rows were added, changed or deleted. On PostgreSQL no two rows may be in conflict with one
        another.
        """
        return self._session.batch(sql, columns, rows)

    def change(self) -> int:
        """The newest change number that this transaction can see.

        On PostgreSQL numbers at or above the oldest running transaction may still appear later;
        so this is the oldest one, and a reader repeats from it.
        """
        if self.dialect.name == "sqlite":
            row = self.one("SELECT value FROM meta WHERE name = 'change'")
        else:
            row = self.one("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return int(row[0]) if row else 0


class WriteTx(Tx):
    """A transaction of the committer, shared by all jobs of a group.

    points: the group's metric points; they become one ``metric_log`` row at commit.
    touched: run numbers whose change number is set at commit.
    reshaped: numbers of experiments whose own row changed, or whose runs all did.
    ended: run numbers that were ended; the compactor merges what they left.
    homes: the experiment that each run used here was found in.
    uncompacted: points in the metric log before this transaction.
    """

    __slots__ = ("_change", "_guarded", "ended", "homes", "memory", "points", "reshaped", "touched", "uncompacted")

    memory: Memory

    def __init__(self, session: Session, place: Place, memory: Memory, uncompacted: int = 0) -> None:
        super().__init__(session, place)
        self.memory = memory
        self.points = PointBuffer()
        self.touched: set[int] = set()
        self.reshaped: set[int] = set()
        self.ended: set[int] = set()
        self.homes: dict[int, int] = {}
        self.uncompacted = uncompacted
        self._change: int | None = None
        self._guarded = False

    def all(self, sql: str, /, **params: Any) -> list[Row]:
        """All rows; a writing statement with RETURNING counts as a write."""
        if not self._guarded and self.dialect.statement(sql).writes:
            self._guard()
        return self._session.all(sql, params)

    def run(self, sql: str, /, **params: Any) -> int:
        """How many rows were changed."""
        if not self._guarded:
            self._guard()
        return self._session.run(sql, params)

    def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """One statement, once per row of parameters."""
        if not self._guarded:
            self._guard()
        self._session.many(sql, rows)

    def batch(self, sql: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
        """Add or delete many rows; see :meth:`Tx.batch`."""
        if not self._guarded:
            self._guard()
        return self._session.batch(sql, columns, rows)

    def change(self) -> int:
        """This transaction's own change number, larger than every committed one that it can see."""
        if self._change is None:
            if self.dialect.name == "sqlite":
                sql = (
                    "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)"
                    " WHERE name = 'change' RETURNING value"
                )
            else:
                sql = "SELECT pg_current_xact_id()::text"
            (value,) = self.all(sql)[0]
            self._change = int(value)
        return self._change

    def check_backlog(self) -> None:
        """Refuse more points while the compactor is far behind.

        Raises:
            TooManyRequests: over 4 million points wait for compaction.
        """
        if self.uncompacted + self.points.n > MAX_UNCOMPACTED:
            raise TooManyRequests(
                f"Over {MAX_UNCOMPACTED} metric points wait for compaction; send them again after a pause."
            )

    def attempt(self, job: Callable[[WriteTx], T]) -> tuple[T | None, BaseException | None]:
        """The job's result, or its error with everything that it wrote undone.

        The savepoint is set before a job's first write, so that jobs that only add points cost none.

        Raises:
            TryAgain: the database wants the whole group repeated.
            Unavailable: the transaction is gone (disk full, connection lost).
        """
        self._guarded = False
        mark = self.points.mark()
        homes = self.homes
        others, self.touched = self.touched, set()
        try:
            value = job(self)
            if self._guarded:
                self._session.run("RELEASE SAVEPOINT job", {})
            others |= self.touched
        except TryAgain:
            raise
        except BaseException as error:  # handed to the job's owner, whatever it is
            self.points.rewind(mark)
            self.homes = homes
            self.memory.clear()
            if self._guarded:
                self._undo(error)
            elif not self._session.usable():
                raise TryAgain from error
            return None, error
        finally:
            self.touched = others
        return value, None

    def seal(self) -> None:
        """Stop setting savepoints: what follows belongs to the whole group."""
        self._guarded = True

    def _guard(self) -> None:
        self._guarded = True
        self._session.run("SAVEPOINT job", {})

    def _undo(self, error: BaseException) -> None:
        self._change = None
        if self._session.dialect.name == "sqlite" and not self._session.usable():
            raise error
        self._session.run("ROLLBACK TO SAVEPOINT job", {})
        self._session.run("RELEASE SAVEPOINT job", {})
