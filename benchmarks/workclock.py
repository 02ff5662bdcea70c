"""Seconds inside a framework's own work, which a shared machine does at a speed that varies by a tenth and more.

What is added around that work is measured by the time outside of it. Standard library only, for every Python that
benchmarks are run by.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any


class WorkClock:
    """Counts the time in the methods that it watches; calls inside of others count once.

    seconds: so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    def watch(self, kind: type, *names: str) -> None:
        """Count the methods of a class from now on."""
        for name in names:
            setattr(kind, name, self._watched(getattr(kind, name)))

    def _watched(self, work: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(work)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self._depth += 1
            start = time.perf_counter()
            try:
                return work(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.perf_counter() - start

        return counted
