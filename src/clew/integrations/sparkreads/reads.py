"""What Spark reads in this process, and in which run.

What was read while no run was active belongs to the next one. A run waits at its end, two seconds at most, until Spark
has told of what it did in it.
"""

from __future__ import annotations

import functools
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from clew.client.active import Active
from clew.client.notice import warn_once
from clew.client.session import session
from clew.client.values import dataset_fields
from clew.integrations import guard, options
from clew.integrations.patch import Patch
from clew.integrations.sparkreads import FLAVOR
from clew.integrations.sparkreads.plan import Read, reads_of

_log = logging.getLogger("clew.autolog")
TAG: Final = "sparkDatasourceInfo"
_WAIT_S: Final = 2.0
_MAX_READS: Final = 500
"""More sources than this are not kept for a run, or for the next one."""
_MAX_LINE: Final = 1000
"""Queries that wait to be looked at; Java keeps the plan of each."""


class Reads:
    """The sources of each run that is not over."""

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._lock = threading.Lock()
        self._line: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._begun: dict[str, Active] = {}
        self._waiting: dict[Read, bool] = {}
        self._of_run: dict[str, dict[Read, bool]] = {}
        """Run -> what it read, and whether that was written."""
        self.context: Any = None

    def begin(self, context: Any) -> None:
        """Work for a context of Spark."""
        self.context = context
        if self._thread is None:
            # A daemon: a program that is over does not wait for what Spark still has to tell.
            self._thread = threading.Thread(target=self._work, name="clew-spark-reads", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Look at nothing any more."""
        self._line.put(None)

    def running(self) -> bool:
        """Whether Spark is there to be asked."""
        return self.context is not None and self.context._jsc is not None and not sys.is_finalizing()  # noqa: SLF001

    def put(self, execution: Any) -> None:
        """Put a query in line for the run that is active now."""
        if not self._patch.live or options.wanted(FLAVOR, "pyspark") is None:
            return
        if self._line.qsize() >= _MAX_LINE:
            warn_once("spark-reads", "Spark's queries come faster than autologging looks at them; some are left out.")
            return
        with self._lock:
            begun = list(self._begun.values())
        ending = [a for a in begun if a.main and not a.apart and session.open.get(a.log.run_id) is not a]
        active = ending[-1] if ending else session.innermost()
        if active is None and begun:
            if len(begun) > 1:
                return  # threads have runs of their own, and Spark does not tell which thread asked
            active = begun[0]
        self._line.put(functools.partial(self._look, execution, active))

    def guarded(self, work: Callable[..., None], *given: Any) -> None:
        """Do something that harms neither Spark nor the run where it fails."""
        with self._patch.quiet():
            guard.guarded("logging what Spark read", work, *given)

    def accompany(self, active: Active) -> Companion | None:
        """What waits for Spark at the run's end; the run begins with what was read before. None in a forked child."""
        if not self._patch.live:
            return None  # a thread that is not in here may have held the lock
        with self._lock:
            self._begun[active.log.run_id] = active
        if self._thread is not None:
            self._line.put(functools.partial(self._adopt, active))
        return Companion(self, active)

    def finish(self, active: Active) -> None:
        """Write down what is known of a run that ends, once Spark has told all of it."""
        try:
            if self._patch.live and self.running():
                self._catch_up()
            self._write(active, at_end=True)
        finally:
            with self._lock:
                self._begun.pop(active.log.run_id, None)
                self._of_run.pop(active.log.run_id, None)

    def _catch_up(self) -> None:
        deadline = time.monotonic() + _WAIT_S
        bus = self.context._jsc.sc().listenerBus()  # noqa: SLF001
        guard.attempt(lambda: bus.waitUntilEmpty(int(_WAIT_S * 1000)))
        reached = threading.Event()
        self._line.put(reached.set)
        reached.wait(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (task := self._line.get()) is not None:
            self.guarded(task)

    def _adopt(self, active: Active) -> None:
        with self._lock:
            if active.log.run_id in self._begun:
                self._of_run.setdefault(active.log.run_id, {}).update(self._waiting)
                self._waiting = {}

    def _look(self, execution: Any, active: Active | None) -> None:
        if not self._patch.live:
            return
        found = reads_of(execution)
        with self._lock:
            if active is not None and not active.guest and active.log.run_id not in self._begun:
                return  # it is over, and could not wait for this
            place = self._waiting if active is None else self._of_run.setdefault(active.log.run_id, {})
            for read in found:
                if len(place) < _MAX_READS:
                    place.setdefault(read, False)
        if active is not None:
            self._write(active)

    def _write(self, active: Active, *, at_end: bool = False) -> None:
        with self._lock:
            found = dict(self._of_run.get(active.log.run_id, {}))
            # Reads of texts may be Spark's own looks at a CSV or JSON file; at the run's end that is clear.
            others = tuple(read.path.rstrip("/") + "/" for read in found if read.kind != "text")
            told = [r for r in found if r.kind != "text" or (at_end and not f"{r.path}/".startswith(others))]
            fresh = [read for read in told if not found[read]]
            self._of_run.get(active.log.run_id, {}).update(dict.fromkeys(fresh, True))
        if not fresh:
            return
        active.log.set_tags({TAG: "\n".join(read.line() for read in told)})
        for read in fresh:
            active.log.log_input(dataset_fields(read.dataset()), {"mlflow.data.context": "read"}, None)


class Companion:
    """Goes on beside a run, so that its end waits for Spark."""

    def __init__(self, reads: Reads, active: Active) -> None:
        self._reads = reads
        self._active = active

    def stop(self) -> None:
        """Take what Spark still has to tell."""
        self._reads.guarded(self._reads.finish, self._active)
