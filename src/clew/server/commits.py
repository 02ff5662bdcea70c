"""From the committer's thread back to the event loop, one wake-up per group commit."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from clew.errors import ClewError
from clew.storage.engine import WriteTx
from clew.storage.store import Store

T = TypeVar("T")


class Commits:
    """Submits jobs to a store and awaits their commits on one event loop."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._submit = store.submit
        self._loop = loop
        self._ready: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._woken = False

    def write(self, job: Callable[[WriteTx], T], run_id: str = "") -> asyncio.Future[T]:
        """The job's result once it is durable; awaiting it raises the job's error.

        run_id: the run that it writes to, if it is one.
        """
        future: asyncio.Future[T] = self._loop.create_future()

        def done(value: T | None, error: BaseException | None) -> None:
            self._ready.append((future, value, error))
            # The committer calls this once per job of a group; only the first call has to wake the
            # loop. The loop clears the flag before it drains, so that no entry is left behind.
            if not self._woken:
                self._woken = True
                try:
                    self._loop.call_soon_threadsafe(self._drain)
                except RuntimeError:  # the loop is closed: nobody waits any more
                    pass

        self._submit(job, done, run_id)
        return future

    def _drain(self) -> None:
        self._woken = False
        ready = self._ready
        while ready:
            future, value, error = ready.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(value)
            elif isinstance(error, Exception):
                future.set_exception(error)
            else:
                future.set_exception(ClewError(f"the write was interrupted: {error!r}"))
