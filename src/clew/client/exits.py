"""The status with which the script exits, which Python tells nobody who looks when the process ends.

Without this, a script that ends by ``sys.exit(1)`` looks like one that came to its end. ``sys.exit``, ``exit`` and
``quit`` raise a ``SystemExit`` that notes when the interpreter itself asks for its status, which it does where nobody
caught it. ``raise SystemExit(1)`` outside of a ``with`` block cannot be seen.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from clew.client.shells import in_kernel

_seen: list[BaseException] = []
_status_of: Any = vars(SystemExit)["code"].__get__


class _Exit(SystemExit):
    """A ``SystemExit`` that knows whether it ends the process.

    came_from: the way to where it was raised; the interpreter takes the traceback off before it asks for the status.
    """

    came_from: TracebackType | None = None

    @property
    def code(self) -> Any:  # type: ignore[override]
        """The exit status."""
        if sys._getframe().f_back is None:  # noqa: SLF001 - no Python code asks
            _seen[:] = [self.with_traceback(self.came_from)]
        return _status_of(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return SystemExit, self.args


_Exit.__name__ = _Exit.__qualname__ = "SystemExit"
_Exit.__module__ = "builtins"


def watch() -> None:
    """Note from now on with which status the script exits."""
    if _is_interactive() or getattr(sys.exit, "watched", False):
        return
    sys.exit = _watched(sys.exit)
    site = sys.modules.get("_sitebuiltins")
    if site is not None:
        site.Quitter.__call__ = _watched(site.Quitter.__call__)


def _watched(leave: Callable[..., Any]) -> Any:
    @functools.wraps(leave)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return leave(*args, **kwargs)
        except SystemExit as error:
            # In another thread it ends that thread only.
            if type(error) is not SystemExit or threading.current_thread() is not threading.main_thread():
                raise
            left = _Exit(*error.args)
            left.came_from = _way_to(sys._getframe(1))  # noqa: SLF001
            raise left from None

    wrapper.watched = True  # type: ignore[attr-defined]
    return wrapper


def _way_to(frame: FrameType | None) -> TracebackType | None:
    way = None
    while frame is not None:
        way = TracebackType(way, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return way


def last_error() -> BaseException | None:
    """What ended the script, when the process ends; None where it came to its end."""
    handled = sys.exc_info()[1]  # of a process of multiprocessing, whose end is inside its handling
    if handled is not None:
        return handled
    if _seen:
        return _seen[0]
    error = None if _is_interactive() else getattr(sys, "last_value", None)
    return error if isinstance(error, BaseException) else None


def _is_interactive() -> bool:
    """Whether an exception ends a cell or a line, and not the process."""
    return hasattr(sys, "ps1") or in_kernel()
