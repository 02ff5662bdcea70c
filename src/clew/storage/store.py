"""The store: opens a database, reads and writes it, and keeps it compact.

The only class of this package that others construct; everything else are functions that take a
transaction of it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

from clew import ids
from clew.errors import ClewError, InvalidValue, Unavailable, shown
from clew.storage import experiments, postgres, sqlite
from clew.storage.changes import Change
from clew.storage.columns.index import ColumnIndex
from clew.storage.committer import Committer, Job
from clew.storage.compactor import Compactor
from clew.storage.engine import Place, Session, Tx, WriteTx
from clew.storage.migrate import migrate
from clew.storage.notices import Notices

T = TypeVar("T")
Listener = Callable[[Change | None], None]
"""Hears of each commit that touched something; of None where commits may have been missed."""


class Figures(NamedTuple):
    """What a store did since it was opened.

    groups: group commits. writes: in them. points: committed. uncompacted: points that wait for compaction.
    rounds, rounds_s: of compaction, and the seconds they took.
    """

    groups: int
    writes: int
    points: int
    uncompacted: int
    rounds: int
    rounds_s: float


MAX_IDLE_READERS: Final = 8

_log = logging.getLogger("clew.storage")


class Store:
    """An open database; safe to share between threads.

    url: as given. dialect_name: ``sqlite`` or ``postgresql``. artifact_root: where new experiments' files go.
    """

    def __init__(self, url: str, opened: Callable[[str], Session], place: Place, *, background: bool) -> None:
        self.url = url
        self.artifact_root = place.artifact_root
        self._opened = opened
        self._place = place
        self._readers: list[Session] = []
        self._gate = threading.Lock()
        self._closed = False
        self._listeners: tuple[Listener, ...] = ()
        self._notices: Notices | None = None
        first = opened("writer")
        try:
            migrate(first, shown(url), place.clock)
        finally:
            first.close()
        self.dialect_name = first.dialect.name
        uncompacted = self.read(lambda tx: (tx.one("SELECT coalesce(sum(n), 0) FROM metric_log") or (0,))[0])
        self._committer = Committer(lambda: opened("writer"), place, int(uncompacted), self._committed)
        self._compactor = Compactor(
            self.read, self.write, lambda: opened("reader"), self._committer, self._save_columns
        )
        self.write(experiments.ensure_default)
        if background:
            self._compactor.start()

    @classmethod
    def open(
        cls,
        url: str,
        *,
        artifact_root: str = "mlflow-artifacts:/",
        clock: Callable[[], int] = ids.now_ms,
        background: bool = True,
        columns: ColumnIndex | None = None,
    ) -> Store:
        """The store at ``url``, created and migrated as needed; experiment ``0`` exists afterwards.

        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` or ``postgresql://…``.
        background: whether a thread compacts and checkpoints; without it, :meth:`compact` does.
        columns: the index that searches of many runs use; one with the usual limits if none is given.

        Raises:
            ForeignStore: the database is another program's, MLflow's for one, or a newer Clew's.
            Unavailable: it is busy, read-only, or its server is away.
            InvalidValue: the URL names no database.
        """
        place = Place(artifact_root, clock, columns or ColumnIndex())
        if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
            path = sqlite.path_of(url)
            sqlite.prepare(path)
            return cls(url, lambda role: sqlite.SqliteSession(path, role), place, background=background)
        if url.startswith(("postgresql:", "postgresql+", "postgres:")):
            return cls(url, lambda _: postgres.PostgresSession(url), place, background=background)
        raise InvalidValue(
            f"{shown(url)} names no store that Clew knows; give sqlite:///path/to/file.db"
            " or postgresql://user@host/database."
        )

    @property
    def writing(self) -> bool:
        """Whether writes are taken."""
        return self._committer.alive

    def figures(self) -> Figures:
        """Counts for operators."""
        writer, compactor = self._committer, self._compactor
        return Figures(
            writer.groups, writer.writes, writer.points, writer.uncompacted, compactor.rounds, compactor.rounds_s
        )

    def read(self, fn: Callable[[Tx], T], limit_s: float = 0.0) -> T:
        """What ``fn`` returns, run in one read transaction that sees one state throughout; any thread; blocks.

        limit_s: seconds that the database may take, on PostgreSQL for each statement; 0 for any time.

        Raises:
            DeadlineExceeded: it took longer.
        """
        with self._gate:
            if self._closed:
                raise Unavailable("The store is closed.")
            session = self._readers.pop() if self._readers else None
        session = self._begin_read(session, limit_s)
        try:
            value = fn(Tx(session, self._place))
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            self._give_back(session)
        return value

    def submit(
        self, fn: Callable[[WriteTx], T], done: Callable[[T | None, BaseException | None], None], run_id: str = ""
    ) -> None:
        """Queue a write; returns at once.

        done: called in the committer's thread after the write is on disk, with its result, or with its error.
        run_id: the run that ``fn`` writes to, if it is one; many such writes look theirs up together.
        A write may run twice on PostgreSQL (deadlock), so ``fn`` must not change anything but its transaction.

        Raises:
            Unavailable: the store is closed.
        """
        self._committer.submit(Job(fn, done, run_id))

    def write(self, fn: Callable[[WriteTx], T]) -> T:
        """What ``fn`` returned, once it is on disk; blocks. Not to be called from ``done``."""
        waiting = _Waiting()
        self._committer.submit(Job(fn, waiting.done))
        value: T = waiting.result()
        return value

    def listen(self, listener: Listener) -> None:
        """Tell ``listener`` of every commit from now on, other servers' on PostgreSQL too.

        It is called in a thread of the store's and must return at once. The first call on PostgreSQL opens a
        connection, and the listener is told None when that hears.
        """
        with self._gate:
            self._listeners = (*self._listeners, listener)
            if self._notices is None and self.dialect_name == "postgresql" and not self._closed:
                self._notices = Notices(self.url, self._tell)

    def name_runs(self, wanted: bool) -> None:
        """Whether listeners want the ids of touched runs; on PostgreSQL they always come, for other servers."""
        self._committer.naming = wanted

    def compact(self, everything: bool = False) -> None:
        """One compaction round now.

        everything: merge each run's blocks as far as they go, and shrink the write-ahead log.
        """
        self._compactor.round(everything=everything)

    def close(self) -> None:
        """Write what waits, stop the threads, close the connections. Idempotent."""
        if not self._closed:
            self._save_columns()
        self._compactor.stop()
        self._committer.close()
        self._compactor.close()
        with self._gate:
            self._closed = True
            idle, self._readers = self._readers, []
            notices, self._notices = self._notices, None
        if notices is not None:
            notices.close()
        for session in idle:
            session.close()

    def _committed(self, points: int, ended: set[int], change: Change | None) -> None:
        self._compactor.notice(points, ended)
        if change is not None:  # PostgreSQL tells every server, this one too
            self._tell(change)

    def _save_columns(self) -> None:
        index = self._place.columns
        if not isinstance(index, ColumnIndex) or not index.nbytes:
            return
        try:
            self.read(index.save)
        except ClewError as error:
            _log.warning("the column index is not kept on disk: %s", error)

    def _tell(self, change: Change | None) -> None:
        for listener in self._listeners:
            listener(change)

    def _begin_read(self, session: Session | None, limit_s: float) -> Session:
        if session is not None:
            try:
                session.begin(write=False, limit_s=limit_s)
            except Unavailable:
                session.close()  # a server closes idle connections; a fresh one tells whether it is away
            else:
                return session
        session = self._opened("reader")
        session.begin(write=False, limit_s=limit_s)
        return session

    def _give_back(self, session: Session) -> None:
        with self._gate:
            if not self._closed and len(self._readers) < MAX_IDLE_READERS:
                self._readers.append(session)
                return
        session.close()


class _Waiting:
    """A write's result for the thread that waits for it."""

    __slots__ = ("_error", "_lock", "_value")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self._value: Any = None
        self._error: BaseException | None = None

    def done(self, value: Any, error: BaseException | None) -> None:
        self._value, self._error = value, error
        self._lock.release()

    def result(self) -> Any:
        self._lock.acquire()
        if self._error is not None:
            raise self._error
        return self._value
