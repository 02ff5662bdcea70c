"""``Parallel`` wrapped: each task takes the run along."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, Final

from clew.client.context import RunContext, run_context
from clew.client.session import session
from clew.integrations import guard, options
from clew.integrations.patch import Patch

_OF_THIS_MACHINE: Final = {"LokyBackend", "MultiprocessingBackend", "SequentialBackend", "ThreadingBackend"}
"""Backends whose workers run this Python, with Clew in it."""

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def patch_parallel(patch: Patch, parallel: type) -> None:
    """Wrap the call of ``joblib.Parallel``."""

    def make(original: Any) -> Any:
        @functools.wraps(original)
        def call(self: Any, iterable: Iterable[Call]) -> Any:
            if not patch.live or guard.inside() or not _wanted(self):
                return original(self, iterable)
            context = guard.guarded("carrying a run to workers", run_context)
            if context is None:
                return original(self, iterable)
            far = type(getattr(self, "_backend", None)).__name__ not in _OF_THIS_MACHINE
            carried: Iterable[Call] = ((Carried(context, f, far), args, kwargs) for f, args, kwargs in iterable)
            return original(self, list(carried) if hasattr(iterable, "__len__") else carried)

        return call

    patch.replace(parallel, "__call__", make)


def _wanted(parallel: Any) -> bool:
    """Whether there is something to carry. What scikit-learn divides among workers itself logs nothing."""
    if options.get("joblib") is None or type(parallel).__module__.startswith("sklearn"):
        return False
    place = session.place
    return session.innermost() is not None or bool(place.tracking_uri or place.experiment_id or place.experiment_name)


class Carried:
    """A task inside a run; where a worker has no Clew, it is the plain task.

    far: it may go to another machine.
    """

    def __init__(self, context: RunContext, function: Callable[..., Any], far: bool) -> None:
        functools.update_wrapper(self, function)
        self._context = context
        self._function = function
        self._far = far

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the task returns."""
        entered = guard.guarded("entering a run", self._enter)
        error: BaseException | None = None
        try:
            return self._function(*args, **kwargs)
        except BaseException as raised:
            error = raised
            raise
        finally:
            if entered:
                guard.guarded("leaving a run", self._context.leave, error)
                guard.guarded("waiting for what a task logged", self._context.settle, own=True)
            del error

    def _enter(self) -> bool:
        self._context.begin()
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        if self._far:
            return _arrive, (self._context.__reduce__()[1], self._function)
        return Carried, (self._context, self._function, False)


def _arrive(fields: tuple[Any, ...], function: Callable[..., Any]) -> Callable[..., Any]:
    try:
        from clew.client.carriage import Origin
        from clew.client.context import RunContext
        from clew.integrations.joblib.tasks import Carried
    except ImportError:
        return function
    return Carried(RunContext(Origin(*fields)), function, True)


# Packages for clusters pickle what seems to be the script's own by its text, so that it can be read without Clew.
_arrive.__module__ = "__main__"
