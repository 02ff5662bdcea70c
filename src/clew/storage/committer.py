"""Group commit: one thread takes everything that waits, writes it in one transaction, then answers.

The disk's own pace makes the groups: while one group is being synced, the next gathers. A job's
error undoes that job only; an error of the transaction is every job's.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from clew.errors import Unavailable
from clew.storage import changes, keys, outbox, summary
from clew.storage.changes import Change
from clew.storage.engine import Place, Session, TryAgain, WriteTx
from clew.storage.memory import Memory

MAX_JOBS: Final = 512
JOBS_AT_ONCE: Final = 64  # taken from the queue together
MAX_POINTS: Final = 1_000_000
MAX_TRIES: Final = 8

_log = logging.getLogger("clew.storage")


class Job(NamedTuple):
    """A function to run in the group's transaction, and whom to tell afterwards.

    run_id: the run that it will look up, where one is known; those of several jobs are read together.
    """

    work: Callable[[WriteTx], Any]
    done: Callable[[Any, BaseException | None], None]
    run_id: str = ""


Outcome = tuple[Any, BaseException | None]


class Committer:
    """The one writer of a store.

    opened: makes its connection, again after one was lost.
    committed: called after each group with the number of new points, the runs that ended and what was touched,
        before the jobs are answered.
    """

    def __init__(
        self,
        opened: Callable[[], Session],
        place: Place,
        uncompacted: int,
        committed: Callable[[int, set[int], Change | None], None],
    ) -> None:
        self._opened = opened
        self._place = place
        self._committed = committed
        self._memory = Memory()
        self._session: Session | None = opened()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = False
        self._ended = False
        self._gate = threading.Lock()
        self.uncompacted = uncompacted
        self.naming = False  # whether the runs that a group touched are named to listeners
        self.groups = self.writes = self.points = 0  # committed so far
        self._thread = threading.Thread(target=self._serve, name="clew-committer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it takes and writes jobs."""
        return not self._closed and self._thread.is_alive()

    def submit(self, job: Job) -> None:
        """Queue a job; from any thread.

        Raises:
            Unavailable: the store is closed.
        """
        with self._gate:
            if self._closed:
                raise Unavailable("The store is closed.")
            self._queue.put(job)

    def close(self) -> None:
        """Write what waits, then end."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()
        if self._session is not None:
            self._session.close()
            self._session = None

    def _serve(self) -> None:
        while not self._ended:
            first = self._queue.get()
            if first is None:
                return
            jobs = [first]
            for job, (value, problem) in zip(jobs, self._group(jobs), strict=True):
                _answer(job, value, problem)
            del first, jobs  # else the last group's data would stay until the next one

    def _group(self, jobs: list[Job]) -> list[Outcome]:
        """Commit one group, adding to ``jobs`` what waits; every job's outcome."""
        for attempt in range(MAX_TRIES):
            try:
                return self._write(jobs, gather=attempt == 0)
            except TryAgain:
                self._drop()
                time.sleep(0.002 * 2**attempt)
            except BaseException as error:  # noqa: BLE001 - given to every job of the group
                self._drop()
                return [(None, error)] * len(jobs)
        return [self._alone(job) for job in jobs]

    def _alone(self, job: Job) -> Outcome:
        """A job in a transaction of its own, after its group could not be written together."""
        try:
            return self._write([job], gather=False)[0]
        except TryAgain as error:
            self._drop()
            # Without words it stands for the job's own error, which took the transaction with it.
            busy = Unavailable(f"The store is busy with other writers ({error}); try again.")
            return None, busy if error.args else error.__cause__
        except BaseException as error:  # noqa: BLE001 - given to the job
            self._drop()
            return None, error

    def _write(self, jobs: list[Job], *, gather: bool) -> list[Outcome]:
        session = self._begin()
        if session.refreshed():
            self._memory.runs.clear()
        tx = WriteTx(session, self._place, self._memory, self.uncompacted)
        outcomes: list[Outcome] = []
        while True:
            if gather:
                self._take(jobs, len(outcomes) + JOBS_AT_ONCE)
            fresh = jobs[len(outcomes) :]
            if not fresh:
                break
            keys.remember_runs(tx, {job.run_id for job in fresh})
            outcomes += [tx.attempt(job.work) for job in fresh]
            if len(jobs) >= MAX_JOBS or tx.points.n >= MAX_POINTS:
                break
        points = summary.flush(tx)
        outbox.note_ended(tx)
        change = changes.mark(tx, named=self.naming)
        session.commit()
        self.groups += 1
        self.writes += len(jobs)
        self.points += points
        self._committed(points, tx.ended, change)
        return outcomes

    def _take(self, jobs: list[Job], most: int) -> None:
        """Add what waits to ``jobs``, until there are so many."""
        while len(jobs) < most and not self._ended:
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return
            if job is None:
                self._ended = True
            else:
                jobs.append(job)

    def _begin(self) -> Session:
        if self._session is None:
            self._session = self._opened()
            self._memory.clear()
        try:
            self._session.begin(write=True)
        except Unavailable:
            if self._session.dialect.name == "sqlite":
                raise
            # The server may have closed an idle connection; nothing is written yet, so a new one may serve.
            self._session.close()
            self._session = None
            self._session = self._opened()
            self._memory.clear()
            self._session.begin(write=True)
        return self._session

    def _drop(self) -> None:
        """Undo the transaction and what was remembered in it."""
        self._memory.clear()
        if self._session is None:
            return
        try:
            self._session.rollback()
        except Exception:  # noqa: BLE001 - whatever is wrong with it, a new connection replaces it
            self._session.close()
            self._session = None


def _answer(job: Job, value: Any, problem: BaseException | None) -> None:
    try:
        job.done(value, problem)
    except Exception:  # noqa: BLE001 - the caller's own fault must not end everybody's writer
        _log.exception("the callback of a finished write failed")
