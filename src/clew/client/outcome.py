"""What an exception, an exit or a signal says about the state in which a run ends."""

from __future__ import annotations

import signal
from itertools import pairwise
from types import FrameType
from typing import Final

from clew.entities.run import RunStatus

_DEADLY: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Outcome:
    """How a run ended.

    error: what it failed with, to be kept as a traceback. reason: why it was killed.
    """

    __slots__ = ("error", "reason", "status")

    def __init__(self, status: RunStatus, error: BaseException | None = None, reason: str = "") -> None:
        self.status = status
        self.error = error
        self.reason = reason


def outcome_of(error: BaseException | None) -> Outcome:
    """The outcome of a block, thread or process that was left with ``error``, or without one.

    An exit with status 0 and a generator that nobody reads any further are no failures. What is raised while a
    handler of SIGTERM or SIGHUP runs means killed. Everything else means failed, an interrupt by the user too, as
    in MLflow.
    """
    if error is None or isinstance(error, GeneratorExit):
        return Outcome(RunStatus.FINISHED)
    number = _signal_behind(error)
    if number is not None:
        return killed_by(number)
    if isinstance(error, SystemExit) and error.code in (None, 0):
        return Outcome(RunStatus.FINISHED)
    return Outcome(RunStatus.FAILED, error)


def killed_by(number: int) -> Outcome:
    """The outcome of a process that a signal asked to end."""
    return Outcome(RunStatus.KILLED, reason=f"The process got the signal {signal.Signals(number).name}.")


def _signal_behind(error: BaseException) -> int | None:
    """The signal in whose handler the error was raised."""
    trace = error.__traceback__
    while trace is not None:
        number = _handled_in(trace.tb_frame)
        if number is not None:
            return number
        trace = trace.tb_next
    return None


def _handled_in(frame: FrameType) -> int | None:
    """The deadly signal that a frame handles: Python calls handlers with its number and the interrupted frame."""
    names = frame.f_code.co_varnames[: min(frame.f_code.co_argcount, 3)]
    given = [frame.f_locals.get(name) for name in names]
    for number, interrupted in pairwise(given):
        if isinstance(number, int) and isinstance(interrupted, FrameType) and number in _DEADLY:
            return int(number)
    return None
