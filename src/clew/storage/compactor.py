"""The compactor: moves the metric log into blocks and chunks, and keeps the write-ahead log short.

Its rounds cost by runs more than by points, so it rests between them: many runs that log a little each
leave it larger windows then, instead of a core's whole time.
Reading and encoding happen in its own thread; only the exchange of rows goes through the committer,
as one job that first checks that the rows it replaces are all still there. So a second compactor
(PostgreSQL servers elect one by an advisory lock) could only waste work, never lose or double a point.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeVar

from clew.errors import ClewError, Unavailable
from clew.storage import compact
from clew.storage.committer import Committer
from clew.storage.engine import MAX_UNCOMPACTED, Session, Tx, WriteTx
from clew.storage.postgres import COMPACTOR_LOCK
from clew.storage.sqlite import SqliteSession

T = TypeVar("T")

PAUSE_S: Final = 1.0  # a window gathers so long, unless it fills up earlier
FULL_WINDOW: Final = 200_000  # points
SHARE: Final = 0.25  # of the time that rounds may take, while the log is not long
LONG_LOG: Final = 500_000  # points since the last round, from which that does not count
IDLE_S: Final = 3.0  # without a write, after which the write-ahead log is emptied
RETRY_S: Final = 10.0  # after a failed round

_log = logging.getLogger("clew.storage")


class Compactor:
    """Decides when to compact; ``compact`` knows how.

    opened: makes a connection of its own, for checkpoints and for the election.
    idle: called when nothing has been written for a while.
    """

    def __init__(
        self,
        read: Callable[[Callable[[Tx], Any]], Any],
        write: Callable[[Callable[[WriteTx], Any]], Any],
        opened: Callable[[], Session],
        committer: Committer,
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        self._read = read
        self._write = write
        self._opened = opened
        self._committer = committer
        self._idle = idle
        self._session: Session | None = None
        self._elected = False
        self._wake = threading.Event()
        self._full = threading.Event()
        self._long = threading.Event()
        self._rested_at_s = 0.0
        self._stopping = threading.Event()
        self._rounds = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pending = 0
        self._ended: deque[int] = deque()
        self.rounds = 0
        self.rounds_s = 0.0

    def start(self) -> None:
        """Compact in the background from now on."""
        self._thread = threading.Thread(target=self._serve, name="clew-compactor", daemon=True)
        self._thread.start()
        self._wake.set()  # what an earlier process left in the log

    def notice(self, points: int, ended: set[int]) -> None:
        """Hear of a commit: its points, and the runs that ended in it; from the committer's thread."""
        self._ended.extend(ended)
        self._committer.uncompacted += points
        self._pending += points
        if self._pending >= FULL_WINDOW:
            self._full.set()
            if self._pending >= LONG_LOG:
                self._long.set()
        if not self._wake.is_set():
            self._wake.set()

    def round(self, *, everything: bool) -> None:
        """Compact what the log holds now; one round at a time.

        everything: also merge the blocks of every run as far as they go, and empty the write-ahead log.
        """
        with self._rounds, self._timed():
            self._pending = 0
            if not self._elect():
                self._follow()
                return
            ended = {self._ended.popleft() for _ in range(len(self._ended))}
            newest = self._read(compact.newest_row)  # what comes meanwhile makes a larger window of the next round
            while not self._stopping.is_set():
                window = self._read(partial(compact.read_window, newest=newest))
                if window is None:
                    break
                plan = compact.plan_window(window)
                self._write(partial(compact.exchange, plan=plan))
                self._committer.uncompacted = int(self._read(_log_points))
                self._checkpoint("PASSIVE")
                self._merge(plan.runs, set())
            self._merge(ended, ended)
            if everything:
                runs = set(self._read(_runs_with_blocks))
                self._merge(runs, runs)
                self._checkpoint("TRUNCATE")

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        started_s = time.perf_counter()
        try:
            yield
        finally:
            taken_s = time.perf_counter() - started_s
            self.rounds += 1
            self.rounds_s += taken_s
            self._rested_at_s = time.perf_counter() + taken_s * (1 / SHARE - 1)

    def stop(self) -> None:
        """End the thread after the round that runs."""
        self._stopping.set()
        self._wake.set()
        self._full.set()
        self._long.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """End its connection, and with it its election."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _merge(self, runs: set[int], everything: set[int]) -> None:
        left = sorted(runs)
        while left and not self._stopping.is_set():
            plan, seen = self._read(partial(compact.plan_merges, rns=left, everything=everything))
            changed = plan.runs
            if changed:
                self._write(partial(compact.exchange, plan=plan))
                self._checkpoint("PASSIVE")
            left = sorted(changed) + left[seen:]  # a merged block may complete the next tier

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait()
            self._full.wait(PAUSE_S)
            self._long.wait(max(0.0, self._rested_at_s - time.perf_counter()))
            self._wake.clear()
            self._full.clear()
            self._long.clear()
            if self._stopping.is_set():
                return
            try:
                self.round(everything=False)
                if not self._wake.wait(IDLE_S):
                    with self._rounds:
                        self._checkpoint("TRUNCATE")
                    self._idle()
            except compact.PlanOutdated:  # a run was moved, or another server compacts: look again soon
                self._wake.set()
            except Exception as error:  # noqa: BLE001 - without this thread the log fills up until nobody can write
                trace = None if isinstance(error, ClewError) else error
                _log.warning("compaction of metrics waits %d s: %s", int(RETRY_S), error, exc_info=trace)
                self._full.wait(RETRY_S)
                self._wake.set()

    def _elect(self) -> bool:
        """Whether this store is the one that compacts; on SQLite it is alone."""
        if self._session is not None and self._session.dialect.name == "postgresql":
            try:
                self._session.all("SELECT 1", {})
            except Unavailable:  # the lock went with the connection
                self._session.close()
                self._session = None
        if self._session is None:
            self._session = self._opened()
            self._elected = False
        if not self._elected and self._session.dialect.name == "postgresql":
            rows = self._session.all("SELECT pg_try_advisory_lock(:lock)", {"lock": COMPACTOR_LOCK})
            self._elected = bool(rows[0][0])
            return self._elected
        return True

    def _follow(self) -> None:
        """Learn how far the elected compactor is; its own writes alone would tell a store nothing of that."""
        self._ended.clear()
        self._committer.uncompacted = int(self._read(_log_points))
        if self._committer.uncompacted > MAX_UNCOMPACTED // 2:
            self._wake.set()  # look again soon: while writes are refused, no commit asks for it

    def _checkpoint(self, mode: str) -> None:
        if isinstance(self._session, SqliteSession):
            self._session.checkpoint(mode)


def _log_points(tx: Tx) -> int:
    row = tx.one("SELECT coalesce(sum(n), 0) FROM metric_log")
    return int(row[0]) if row else 0


def _runs_with_blocks(tx: Tx) -> list[int]:
    return [rn for (rn,) in tx.all("SELECT DISTINCT rn FROM metric_block ORDER BY rn")]
