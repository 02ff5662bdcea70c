"""The ends of runs that nobody ended: with the process, with its thread, by a signal."""

from __future__ import annotations

import _thread
import atexit
import functools
import os
import signal
import threading
from types import FrameType
from typing import Any, Final

from clew.client import carriage, exits, shells
from clew.client import link as links
from clew.client.outcome import Outcome, killed_by, outcome_of
from clew.client.session import session

_DYING_S: Final = 3.0
_LAST_WAIT_S: Final = 1.0

_worker_pid = 0


def hook() -> None:
    """End open runs with this process, whatever ends it; no handler of the user's is replaced."""
    _hook_exit()
    _hook_threads()
    session.when_none_open = _unhook_signal
    _replace_handler(signal.SIG_DFL, _on_signal)
    _hook_worker()


@functools.cache
def _hook_exit() -> None:
    atexit.register(_at_exit)
    exits.watch()


def _unhook_signal() -> None:
    """Let SIGTERM kill as it does without us: a worker that sleeps in a semaphore would never come to a handler."""
    _replace_handler(_on_signal, signal.SIG_DFL)


def _replace_handler(old: object, new: Any) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    try:
        if signal.getsignal(signal.SIGTERM) is old:
            signal.signal(signal.SIGTERM, new)
    except (ValueError, OSError):
        pass  # a subinterpreter may not have handlers


def _hook_threads() -> None:
    before = threading.excepthook
    if getattr(before, "ends_runs", False):
        return

    def ending(args: Any, /) -> None:
        end_all(outcome_of(args.exc_value), thread=threading.current_thread())
        before(args)

    ending.ends_runs = True  # type: ignore[attr-defined]
    threading.excepthook = ending


def _hook_worker() -> None:
    """A process of multiprocessing ends without Python's own exit, but runs multiprocessing's finalizers."""
    global _worker_pid
    if _worker_pid == os.getpid() or not carriage.is_worker():
        return
    _worker_pid = os.getpid()
    from multiprocessing import util

    util.Finalize(None, _at_worker_exit, exitpriority=0)


def _at_exit() -> None:
    end_all(outcome_of(exits.last_error() or shells.last_error()))


def _at_worker_exit() -> None:
    _at_exit()
    links.close_links()


def _on_signal(number: int, frame: FrameType | None) -> None:
    """End what is open, then die of the signal.

    In a thread of its own: this one may have been interrupted while it held any lock. Where the thread waits for
    such a lock in vain, the death without an end says the same to the shipper.
    """
    del frame
    done = _thread.allocate_lock()
    done.acquire()

    def end() -> None:
        try:
            end_all(killed_by(number), wait_s=_LAST_WAIT_S)
        finally:
            done.release()

    try:
        if session.open:
            _thread.start_new_thread(end, ())  # threading.Thread would take locks to start
            done.acquire(timeout=_DYING_S)
    finally:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def end_all(outcome: Outcome, *, thread: threading.Thread | None = None, wait_s: float | None = None) -> None:
    """End every open run, or those that a thread began."""
    for active in session.take_all(thread):
        session.end(active, outcome.status.value, wait_s=wait_s, outcome=outcome)
