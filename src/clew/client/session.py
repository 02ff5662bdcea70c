"""The process's session: tracking URI, experiment, and which run is active where.

The stack of active runs is a context variable, so threads and asyncio tasks have their own. A
notebook runs every cell in a context of its own, so there the stack belongs to the thread.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from types import FrameType
from typing import Any, Protocol

from clew import settings
from clew.client import shells
from clew.client.link import Link, link_to
from clew.client.notice import say
from clew.client.ranks import Ranks
from clew.client.runlog import RunLog
from clew.entities.run import Run, RunStatus
from clew.ids import now_ms


class Companion(Protocol):
    """Something that goes on beside a run."""

    def stop(self) -> None:
        """End it, in a few seconds at most, with all that it has for the run written."""


class Active:
    """A run that log calls go to.

    companions: what goes on beside the run and is stopped before its end: its monitor, console, snapshot.
    run: as it was when it began. pid: the process that began it, which alone ends it at exit.
    """

    __slots__ = ("companions", "link", "log", "pid", "run")

    def __init__(self, run: Run, log: RunLog, link: Link) -> None:
        self.run = run
        self.log = log
        self.link = link
        self.companions: list[Companion] = []
        self.pid = os.getpid()


Stack = tuple[Active, ...]

stack_var: ContextVar[Stack] = ContextVar("clew_active_runs", default=())
write_var: ContextVar[Callable[[str, float, int], None] | None] = ContextVar("clew_log_metric", default=None)
"""The innermost active run's ``log_metric``; None where a call must look at more: no run, a model, a notebook."""
_model_var: ContextVar[str | None] = ContextVar("clew_active_model", default=None)


class Session:
    """What this process has set.

    tracking_uri, registry_uri: as the user gave them, None where the settings decide.
    experiment_id, experiment_name: of ``set_experiment``; the id is empty while only the name is known.
    """

    def __init__(self) -> None:
        self.tracking_uri: str | None = None
        self.registry_uri: str | None = None
        self.experiment_id: str | None = None
        self.experiment_name: str | None = None
        self.env_run_taken = False
        self.ranks = Ranks()
        self.last_run_id: str | None = None
        self.last_model_id: str | None = None
        self.open: dict[str, Active] = {}
        self._notebook = threading.local()
        self._hooked = False
        self.lock = threading.RLock()

    @property
    def link(self) -> Link:
        """The link that new runs and reads use."""
        return link_to(current_uri())

    def stack(self) -> Stack:
        """The active runs of this context, the innermost last."""
        found = stack_var.get()
        if not found and "ipykernel" in sys.modules:
            found = getattr(self._notebook, "stack", ())
        return found

    def _set_stack(self, stack: Stack) -> None:
        if "ipykernel" in sys.modules:
            self._notebook.stack = stack
        else:
            stack_var.set(stack)
            self._shorten()

    def _shorten(self) -> None:
        """Let log calls of this context go straight to the innermost run where nothing stands between."""
        stack = stack_var.get()
        write_var.set(stack[-1].log.log_metric if stack and _model_var.get() is None else None)

    def model_id(self) -> str | None:
        """The logged model that metrics are bound to in this context."""
        if "ipykernel" in sys.modules:
            return getattr(self._notebook, "model_id", None)
        return _model_var.get()

    def set_model(self, model_id: str | None) -> str | None:
        """Bind metrics to a logged model, None to none; the one before."""
        previous = self.model_id()
        if "ipykernel" in sys.modules:
            self._notebook.model_id = model_id
        else:
            _model_var.set(model_id)
            self._shorten()
        return previous

    def push(self, active: Active) -> None:
        """Make a run the active one."""
        self._hook()
        self.open[active.log.run_id] = active
        self.last_run_id = active.log.run_id
        self._set_stack((*self.stack(), active))

    def pop(self, run_id: str | None = None) -> Active | None:
        """Take the innermost active run off the stack, or the one named; None where there is none."""
        stack = self.stack()
        for active in reversed(stack):
            if run_id is None or active.log.run_id == run_id:
                self._set_stack(tuple(a for a in stack if a is not active))
                self.open.pop(active.log.run_id, None)
                return active
        return None

    def end(self, active: Active, status: str, *, wait_s: float | None = None) -> None:
        """Write a run's end, wait a little (5 s at most) until it has arrived, and say where it can be seen."""
        link, log = active.link, active.log
        for companion in active.companions:
            companion.stop()
        folder = log.journal.writer_folder
        receipt = log.end(status, now_ms())
        link.runs.pop(log.run_id, None)
        if receipt is not None and link.wait([receipt, *log.waiting_files()], wait_s):
            link.tell_conflicts(log, receipt, folder)
        if not link.target.embedded and not link.offline and not log.rank:
            from clew.client.weblinks import page_address

            info = active.run.info
            page = page_address(link, link.uri, info.experiment_id, info.run_id)
            say(f"View run {info.run_name or info.run_id} at: {page}")

    def _hook(self) -> None:
        """End open runs when the process ends; once, and without replacing a handler of the user's."""
        if self._hooked:
            return
        self._hooked = True
        atexit.register(self._at_exit)
        if threading.current_thread() is threading.main_thread():
            try:
                if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
                    signal.signal(signal.SIGTERM, self._on_sigterm)
            except (ValueError, OSError):
                pass  # a subinterpreter may not have handlers

    def _at_exit(self) -> None:
        interactive = hasattr(sys, "ps1") or "ipykernel" in sys.modules
        failed = (getattr(sys, "last_value", None) is not None and not interactive) or shells.last_error() is not None
        self._end_open((RunStatus.FAILED if failed else RunStatus.FINISHED).value, None)

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._end_open(RunStatus.KILLED.value, 1.0)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _end_open(self, status: str, wait_s: float | None) -> None:
        for active in reversed(list(self.open.values())):
            if active.pid == os.getpid():
                self.open.pop(active.log.run_id, None)
                self.end(active, status, wait_s=wait_s)


session = Session()


def current_uri() -> str | None:
    """The tracking URI that is set, by call or by the environment; None is the embedded store."""
    return session.tracking_uri or settings.read().tracking_uri


def _after_fork(*_: Any) -> None:
    session.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
