"""What is active where: runs that log calls go to, and the place to which new ones go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Literal, Protocol

from clew.client.carriage import Origin
from clew.client.link import Link
from clew.client.runlog import RunLog
from clew.entities.run import Run, RunInfo


class Companion(Protocol):
    """Something that goes on beside a run."""

    def stop(self) -> None:
        """End it, in a few seconds at most, with all that it has for the run written."""


class Active:
    """A run that log calls go to.

    companions: what goes on beside the run and is stopped before its end: its monitor, console, snapshot.
    run: as it was when it began. experiment_name: where its id is not known yet.
    guest: it was begun elsewhere, and is not ended here.
    lent: autologging began it, so that the user's own calls neither stumble over it nor end it; ``trial`` if the
        first unnamed run that the user begins inside it is this one.
    outer: the one inside which it became active. thread: where that was. main: threads without runs log to it, unless
    it stands apart: beside another one, as runs of asyncio's tasks do.
    """

    __slots__ = (
        "apart",
        "companions",
        "experiment_name",
        "guest",
        "lent",
        "link",
        "log",
        "main",
        "outer",
        "run",
        "thread",
    )

    def __init__(self, run: Run, log: RunLog, link: Link, *, experiment_name: str = "", guest: bool = False) -> None:
        self.run = run
        self.experiment_name = experiment_name
        self.log = log
        self.link = link
        self.guest = guest
        self.lent: Literal["", "run", "trial"] = ""
        self.companions: list[Companion] = []
        self.outer: Active | None = None
        self.apart = False
        self.thread = threading.current_thread()
        self.main = self.thread is threading.main_thread()

    @classmethod
    def guest_of(cls, origin: Origin, link: Link) -> Active:
        """The run that another process began, or another place in this one."""
        log = link.guest(origin.run_id, origin.artifact_uri, origin.experiment_id)
        info = RunInfo(
            run_id=origin.run_id,
            experiment_id=origin.experiment_id,
            run_name=origin.run_name,
            artifact_uri=origin.artifact_uri,
        )
        return cls(Run(info=info), log, link, experiment_name=origin.experiment_name, guest=True)

    def origin(self) -> Origin:
        """The run as it is carried to workers."""
        info = self.run.info
        return Origin(
            self.link.uri,
            info.experiment_id,
            self.experiment_name,
            info.run_id,
            info.run_name,
            self.log.artifact_uri,
        )


Stack = tuple[Active, ...]


class Place:
    """Where new runs go.

    tracking_uri, experiment_id, experiment_name: as they were set; the settings decide what is None or empty. The id
        is empty while only the name is known.
    source: tags that say which program new runs come from; empty where that is this one.
    """

    __slots__ = ("before", "experiment_id", "experiment_name", "guest", "source", "tracking_uri")

    def __init__(
        self,
        tracking_uri: str | None = None,
        experiment_id: str | None = None,
        experiment_name: str | None = None,
        source: dict[str, str] | None = None,
    ) -> None:
        self.tracking_uri = tracking_uri
        self.experiment_id = experiment_id
        self.experiment_name = experiment_name
        self.source = source or {}
        self.guest: Active | None = None
        self.before: tuple[Place | None, Stack] = (None, ())


stack_var: ContextVar[Stack] = ContextVar("clew_active_runs", default=())
write_var: ContextVar[Callable[[str, float, int], None] | None] = ContextVar("clew_log_metric", default=None)
"""The innermost active run's ``log_metric``; None where a call must look at more: no run, a model, a notebook."""
place_var: ContextVar[Place | None] = ContextVar("clew_place", default=None)
followed_var: ContextVar[Active | None] = ContextVar("clew_followed_run", default=None)
model_var: ContextVar[str | None] = ContextVar("clew_active_model", default=None)
