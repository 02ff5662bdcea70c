"""A tracking URI in use: its transport, its spool, and the runs that this process logs to.

``ClewClient`` and the fluent functions share one link per URI, so that they see each other's writes.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Generator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from clew import settings
from clew.client import deadline, neighbours
from clew.client.notice import warn
from clew.client.receipt import Awaited, Receipt
from clew.client.runlog import RunLog, spool_folder
from clew.client.start import Launcher
from clew.client.target import Target, resolve
from clew.client.trouble import NONE, Trouble, is_mistake, kind_of
from clew.entities.names import legible
from clew.errors import ClewError, Conflict, NotFound, Unavailable
from clew.wire import convert, mlflow
from clew.wire.mlflow import Message

if TYPE_CHECKING:
    from clew.client.http import HttpSender
    from clew.client.transport import Transport

FENCE_S: Final = 5.0
_PATIENCE_S: Final = 10.0
_MANY_LATE: Final = 256
_LATE_S: Final = 1.0
_REST_S: Final = 5.0
_LONG_REST_S: Final = 60.0


class Link:
    """Everything this process has for one tracking URI.

    late: what no run's end waits for, but a flush and the end of the process do.
    begun: ids of the runs that this process began or went on with.
    uri: in full form. offline: nothing is sent, everything goes to the journal.
    Thread-safe.
    """

    def __init__(self, uri: str, sender: HttpSender | None = None) -> None:
        values = settings.read()
        self.uri = uri
        self.offline = values.offline
        self.truncate = values.truncate
        self.target = Target(uri, sender)
        self.launcher = Launcher(spool_folder(values.spool, uri), values.shipper, offline=self.offline)
        self.runs: dict[str, RunLog] = {}
        self.begun: set[str] = set()
        self.late: list[Awaited] = []
        self._lock = threading.RLock()
        self._away_until = 0.0

    # -- calls ------------------------------------------------------------------------------

    @cached_property
    def transport(self) -> Transport:
        """The calls of the route table; loaded when the first is made, since a journal alone needs none."""
        from clew.client.transport import Transport

        return Transport(self.target.sender)

    def call(self, name: str, request: Message) -> Any:
        """The response of the route ``name``.

        Raises:
            ClewError: as the server says. Unavailable: it is away, or CLEW_OFFLINE is set.
        """
        self._check_online()
        return self.transport.call(name, request)

    def stream(self, name: str, request: Message) -> Generator[bytes]:
        """The answer of a streamed route in pieces, which must be read to their end.

        Raises:
            ClewError: as the server says. Unavailable: it is away, or CLEW_OFFLINE is set.
        """
        self._check_online()
        return self.transport.stream(name, request)

    def _check_online(self) -> None:
        if self.offline:
            raise Unavailable(
                "CLEW_OFFLINE is set, so nothing can be read from the server; unset it, or run `clew sync`."
            )

    def read(self, name: str, request: Message) -> Any:
        """``call`` after everything that this process logged has arrived."""
        self.flush()
        return self.call(name, request)

    def attempt(self, name: str, request: Message) -> Any:
        """``call`` for a step that the journal can do later: None, with one warning per cause, where it fails.

        Raises:
            ClewError: what the user got wrong.
        """
        if not self._met():
            return None
        try:
            with deadline.within(self._patience_s):
                response = self.transport.call(name, request)
        except ClewError as error:
            self.put_up_with(error)
            return None
        self.launcher.telling.answers()
        return response

    def _met(self) -> bool:
        """Whether a tracking server answers there, as far as is known; a stranger's answers are not to be read."""
        return not self.away and bool(self.kind) and not self.away

    def put_up_with(self, error: ClewError) -> None:
        """Leave the server alone for a while, and tell why once.

        Raises:
            ClewError: the error itself, where it is the user's.
        """
        if is_mistake(error):
            raise error
        self._rest(error)
        self.launcher.telling.trouble(Trouble(kind_of(error), str(error)))

    @property
    def away(self) -> bool:
        """Whether nothing is sent now: offline, or shortly after the server did not answer."""
        return self.offline or time.monotonic() < self._away_until

    def _rest(self, error: ClewError) -> None:
        """Leave a server alone for a while; longer one that asks for it, or lets callers wait in vain."""
        asked_s = getattr(error, "retry_after_s", 0.0)
        rest_s = _LONG_REST_S if deadline.passed() or "timed out" in str(error) else _REST_S
        self._away_until = time.monotonic() + min(max(rest_s, asked_s), _LONG_REST_S)

    @property
    def _patience_s(self) -> float:
        """How long a step that the journal can do later may take; the host of a store may have to start first."""
        if not self.target.embedded:
            return _PATIENCE_S
        from clew.client.host import START_S

        return _PATIENCE_S + START_S

    @property
    def kind(self) -> str:
        """``clew`` or ``mlflow``; ``clew`` while nobody answers who is either."""
        if self.target.asked:
            return self.target.kind
        if self.away:
            return "clew"
        try:
            with deadline.within(self._patience_s):
                return self.target.kind
        except ClewError as error:
            self.put_up_with(error)
            return "clew"

    # -- runs -------------------------------------------------------------------------------

    def run(self, run_id: str) -> RunLog:
        """The log of a run that exists already, begun here or elsewhere.

        Raises:
            NotFound: there is no such run. Conflict: it is deleted.
        """
        with self._lock:
            known = self.runs.get(run_id)
        if known is not None:
            return known
        response = self.attempt("get_run", mlflow.GetRun(run_id=run_id))
        with self._lock:
            if run_id in self.runs:
                return self.runs[run_id]
            log = RunLog(self.launcher, run_id, owner=False, truncate=self.truncate)
            if response is not None and response.run is not None:
                run = convert.run_entity(response.run)
                if run.info.lifecycle_stage != "active":
                    raise Conflict(f"The run {run_id} must be in the 'active' state. Current state is deleted.")
                log.params.update(run.data.params)
                log.artifact_uri = run.info.artifact_uri
                log.experiment_id = run.info.experiment_id
            self.runs[run_id] = log
            return log

    def adopt(self, run_id: str, rank: int | None = None) -> RunLog:
        """The log of a run that this process begins or resumes, so that its death ends the run.

        rank: among the processes that begin the run together; the death of one other than 0 does not end it.
        """
        with self._lock:
            log = RunLog(self.launcher, run_id, owner=not rank, truncate=self.truncate, rank=rank)
            self.runs[run_id] = log
            self.begun.add(run_id)
        log.journal.open()
        return log

    def guest(self, run_id: str, artifact_uri: str = "", experiment_id: str = "") -> RunLog:
        """The log of a run that another process began, taken on trust: nobody is asked for it."""
        with self._lock:
            log = self.runs.get(run_id)
            if log is None:
                log = self.runs[run_id] = RunLog(self.launcher, run_id, owner=False, truncate=self.truncate)
                log.artifact_uri, log.experiment_id = artifact_uri, experiment_id
            return log

    def put_artifact(self, run_id: str, file: str, path: str, *, later: bool = False, fleeting: bool = False) -> None:
        """Store a file among the run's artifacts: now, or by the shipper while the server is away or when ``later``.

        fleeting: the file is gone soon, so that what waits is the file itself or a copy, whatever its size.

        Raises:
            OSError: the file cannot be read. ClewError: the server refuses it.
        """
        log = self.run(run_id)
        path = legible(path)
        if not later and not self.away:
            from clew.client.upload import Place, put_file

            try:
                root = log.artifact_uri or self._artifact_root(log)
                if root:
                    Place(root)  # one that only the server reaches is the user's to change
                    put_file(self.target.sender, root, path, file, native=self.kind == "clew")
                    return
            except ClewError as error:
                self.put_up_with(error)
        log.spool_file(file, path, fleeting=fleeting)

    def _artifact_root(self, log: RunLog) -> str:
        self.flush()
        try:
            response = self.attempt("get_run", mlflow.GetRun(run_id=log.run_id))
        except NotFound:  # its beginning is still in the journal, and the file goes there behind it
            return ""
        if response is not None and response.run is not None:
            log.artifact_uri = convert.run_entity(response.run).info.artifact_uri
        return log.artifact_uri

    def root_of(self, run_id: str) -> str:
        """Where the run's files lie.

        Raises:
            NotFound: there is no such run. Unavailable: the server is away.
        """
        log = self.runs.get(run_id)
        if log is not None and log.artifact_uri:
            return log.artifact_uri
        response = self.read("get_run", mlflow.GetRun(run_id=run_id))
        return convert.run_entity(response.run).info.artifact_uri

    @property
    def pending(self) -> int:
        """How many journal entries and files of this process have not arrived."""
        return _pending(self._awaited())

    # -- fence ------------------------------------------------------------------------------

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until the target has what this process logged; False, with a line that says so, when it has not."""
        return self.wait(self._awaited(), timeout_s)

    def flush_own(self) -> bool:
        """``flush`` without a look at what other processes logged to the same runs."""
        logs, receipts = self._own()
        return self.wait([*receipts, *self._unsent(logs)])

    def _own(self) -> tuple[list[RunLog], list[Awaited]]:
        with self._lock:
            logs = list(self.runs.values())
        return logs, [r for r in (log.journal.fence() for log in logs) if r is not None]

    def _awaited(self) -> list[Awaited]:
        logs, receipts = self._own()
        own = {log.journal.writer_folder for log in logs}
        others = neighbours.receipts(self.launcher.folder, self.begun | {log.run_id for log in logs}, own)
        return [*receipts, *others, *self._unsent(logs)]

    def _unsent(self, logs: list[RunLog]) -> list[Awaited]:
        """What has not arrived beside the journals of these runs: their spooled files, and what is late."""
        self._tidy()
        return [*self.late, *(p for log in logs for p in log.waiting_files())]

    def _tidy(self) -> None:
        with self._lock:
            self.late = [a for a in self.late if a.pending]

    def wait_later(self, *awaited: Awaited) -> None:
        """Leave the waiting to the next flush and to the end of the process; where much is late already, wait now.

        Where that does not help, the oldest are not waited for any more: the spool keeps them for the shipper.
        """
        self.launcher.tend()
        with self._lock:
            self.late = [*self.late, *awaited]  # somebody may be waiting for those of the old list
        if len(self.late) > _MANY_LATE:
            self._tidy()
        if len(self.late) > _MANY_LATE and not self.wait(self.late, _LATE_S):
            with self._lock:
                self.late = self.late[-_MANY_LATE:]

    def wait(self, receipts: Sequence[Awaited], timeout_s: float | None = None) -> bool:
        """Wait for receipts, at most ``timeout_s`` (5) without progress, or until the shipper says what hinders it."""
        patience_s = FENCE_S if timeout_s is None else timeout_s
        pending = _pending(receipts)
        if not pending or self.offline:
            return not pending
        tries = [r.tries for r in receipts]
        if not self.launcher.tend(hindered=any(r.trouble for r in receipts)):
            patience_s = 0.0  # nobody will try now
        now = time.monotonic()
        until, tend_at, pause = now + patience_s, now + 0.5, 50e-6
        while (left := _pending(receipts)) and now < until:
            time.sleep(pause)
            pause = min(pause * 1.2, 0.01)
            now = time.monotonic()
            if left < pending:
                pending, until = left, now + patience_s
            if now > tend_at:
                self.launcher.tend(hindered=any(r.trouble for r in receipts))
                tend_at = now + 0.5
            if any(r.pending and r.tries > n for r, n in zip(receipts, tries, strict=True)):
                break  # the shipper has tried meanwhile, in vain
        if not left:
            self.launcher.telling.cured()
            return True
        self.launcher.telling.pending(left, next((r.trouble for r in receipts if r.pending and r.trouble), NONE))
        return False

    def tell_conflicts(self, log: RunLog, receipt: Receipt, folder: str) -> None:
        """Warn of what the target kept out of a run because an earlier value stands."""
        for text in log.conflicts(receipt, folder):
            warn(f"run {log.run_id}: {text}")

    def restart(self) -> None:
        """What a forked child does: its parent's threads, which may hold the locks, are not here."""
        self._lock = threading.RLock()
        self.launcher = Launcher(self.launcher.folder, self.launcher.mode, offline=self.offline)
        self.late = []  # the parent waits for it
        for log in self.runs.values():
            log.restart(self.launcher)

    def close(self) -> list[Awaited]:
        """Close every journal, at the end of the process."""
        with self._lock:
            logs, self.runs = list(self.runs.values()), {}
        receipts: list[Awaited] = [r for r in (log.journal.close() for log in logs) if r is not None]
        return [*receipts, *self._unsent(logs)]


def _pending(receipts: Sequence[Awaited]) -> int:
    return sum(r.pending for r in receipts)


_links: dict[str, Link] = {}
_resolved: dict[str | None, str] = {}
_links_lock = threading.Lock()


def link_to(uri: str | None) -> Link:
    """The process's link to a tracking URI; None is the one of the settings.

    Raises:
        InvalidValue: the URI is of a kind that cannot be tracked to.
    """
    given = uri or settings.read().tracking_uri
    with _links_lock:
        # A relative path means the folder in which it was first used, wherever the script goes later.
        full = _resolved.get(given) or _resolved.setdefault(given, resolve(given))
        link = _links.get(full)
        if link is None:
            link = _links[full] = Link(full)
        return link


def known_links() -> list[Link]:
    """The links that this process has made."""
    with _links_lock:
        return list(_links.values())


def forget_links() -> None:
    """Close all journals and forget all links, as if nothing had been logged."""
    with _links_lock:
        old = list(_links.values())
        _links.clear()
        _resolved.clear()
    for link in old:
        link.close()
        link.target.close()


@atexit.register
def close_links() -> None:
    """Give what other runs' journals hold a little time; a thread that ships dies with the process."""
    for link in _links.values():
        link.wait(link.close())
        link.target.close()


def _after_fork() -> None:
    global _links_lock
    _links_lock = threading.Lock()
    for link in _links.values():
        link.restart()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
