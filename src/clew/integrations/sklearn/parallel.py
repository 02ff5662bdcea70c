"""Worker threads of scikit-learn's own parallel loops take over that they run inside a training call."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from clew.integrations import guard
from clew.integrations.patch import Patch


class Carried:
    """A function that is silent in the thread it runs in; in another process it is the plain function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns."""
        with guard.silent():
            return self._function(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has no autologging to silence, and perhaps no Clew.
        return functools.partial, (self._function,)


def patch_parallel(patch: Patch, parallel: type) -> None:
    """Wrap ``sklearn.utils.parallel.Parallel`` for calls from inside a training call."""

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def wrapper(self: Any, iterable: Iterable[Any]) -> Any:
            if patch.live and guard.inside():
                iterable = map(_carry, iterable)
            return original(self, iterable)

        return wrapper

    patch.replace(parallel, "__call__", make)


def _carry(task: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    # The wrapper that scikit-learn's ``delayed`` makes, one per task.
    if hasattr(task[0], "function"):
        task[0].function = Carried(task[0].function)
    return task
