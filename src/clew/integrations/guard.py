"""The fence around autologging: nothing of ours stops or changes the user's training.

This is one of the two places where any exception is caught. ``inside`` tells calls that run within a training call
of their own thread or task, and are silent, from calls that the user made.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

_log = logging.getLogger("clew.autolog")
_MAX_REPORTS = 1000

P = ParamSpec("P")
T = TypeVar("T")

_inside: ContextVar[bool] = ContextVar("clew_autolog_inside", default=False)
_muted: ContextVar[bool] = ContextVar("clew_autolog_muted", default=False)
_last_fault: ContextVar[str | None] = ContextVar("clew_autolog_fault", default=None)
_reported: set[tuple[str, str]] = set()


def inside() -> bool:
    """Whether this thread or task is within a training call, or told to be silent."""
    return _inside.get()


@contextmanager
def silent() -> Iterator[None]:
    """A block in which patched calls of this thread or task log nothing."""
    token = _inside.set(True)
    try:
        yield
    finally:
        _inside.reset(token)


@contextmanager
def muted(wanted: bool = True) -> Iterator[None]:
    """A block in which autologging of this thread or task says nothing in the log, or, where not wanted, speaks."""
    token = _muted.set(wanted)
    try:
        yield
    finally:
        _muted.reset(token)


def guarded(what: str, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What ``work`` returns, or None where it fails; a failure is reported once per kind.

    what: the work in words, for the warning. An interrupt by the user passes through.
    """
    try:
        return work(*args, **kwargs)
    except Exception as fault:  # noqa: BLE001 - the fence
        _report(what, fault)
        return None


def closed(
    what: str, close: Callable[[BaseException | None], object], work: Callable[..., T], *args: Any, **kwargs: Any
) -> T:
    """What the user's ``work`` returns or raises; behind it comes ``close``, with what it raised, inside the fence.

    what: ``close`` in words, for the warning.
    """
    error: BaseException | None = None
    try:
        return work(*args, **kwargs)
    except BaseException as raised:
        error = raised
        raise
    finally:
        guarded(what, close, error)
        del error


def attempt(work: Callable[[], T]) -> T | None:
    """What ``work`` returns, or None where it fails; for values that are logged only where they can be had."""
    try:
        return work()
    except Exception as fault:  # noqa: BLE001 - the fence
        _log.debug("autologging left a value out: %s: %s", type(fault).__name__, fault)
        return None


def take_fault() -> str | None:
    """The last failure in this thread or task since the last call, in words."""
    fault = _last_fault.get()
    _last_fault.set(None)
    return fault


class _Mute(logging.Filter):
    """Each thread decides for itself, since frameworks may be told to be silent one by one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        del record
        return not _muted.get()


_log.addFilter(_Mute())


def _report(what: str, fault: Exception) -> None:
    text = f"{what}: {type(fault).__name__}: {fault}"
    _last_fault.set(text)
    key = (what, type(fault).__name__)
    level = logging.DEBUG if key in _reported or len(_reported) >= _MAX_REPORTS else logging.WARNING
    _reported.add(key)
    _log.log(
        level, "autologging failed in %s; training is not affected", text, exc_info=_log.isEnabledFor(logging.DEBUG)
    )


def reported() -> Any:
    """The kinds of failure that were warned about; cleared by tests and by switching autologging off."""
    return _reported
