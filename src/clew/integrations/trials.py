"""The runs of a search: a parent for the search as a whole, and a child per trial, named ``trial-<number>``.

Trials that run here are the active run while they run; those that are over, or ran where nothing could be logged, are
written down afterwards, without a call to the server for each.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

from clew.client import births, runs
from clew.client.active import Active
from clew.client.carriage import Origin
from clew.client.context import RunContext, run_context
from clew.client.deadline import within
from clew.client.failure import FAILED_TAG, explain
from clew.client.link import Link
from clew.client.outcome import Outcome, outcome_of
from clew.client.runlog import RunLog
from clew.client.session import session
from clew.entities.run import RunStatus
from clew.errors import NotFound
from clew.ids import now_ms
from clew.integrations import guard
from clew.integrations.options import Options
from clew.integrations.recorder import AUTOLOGGING, CALL_S, Recorder, open_run

STATE_TAG: Final = "trial.state"
NUMBER_TAG: Final = "trial.number"
PLANNED_TAG: Final = "trials.planned"
_MAX_REASON: Final = 500


class Trial:
    """A trial's run.

    active: None where the trial was over when it was written down. entered: what has to be left after it.
    """

    def __init__(
        self, log: RunLog, link: Link, active: Active | None = None, entered: RunContext | None = None
    ) -> None:
        self.log = log
        self._link = link
        self._active = active
        self._entered = entered

    def leave(self, error: BaseException | None = None) -> None:
        """Log calls of this thread no longer go to it; what the user began inside it and left open ends.

        error: what the trial failed with.
        """
        outcome = outcome_of(error)
        for inner in session.take(self.log.run_id):
            if inner is not self._active:
                session.end(inner, outcome.status.value, outcome=outcome)
        if self._entered is not None:
            self._entered.leave(None)

    def end(self, status: RunStatus, *, end_ms: int | None = None, error: BaseException | None = None) -> None:
        """End the run; the wait until it has arrived is left to the end of the search.

        error: what the trial failed with.
        """
        for companion in self._active.companions if self._active is not None else ():
            companion.stop()
        if error is not None:
            explain(self.log, Outcome(status, error))
        self.log.end(status.value, now_ms() if end_ms is None else end_ms)
        self._link.runs.pop(self.log.run_id, None)

    def fail(self, reason: str, *, end_ms: int | None = None) -> None:
        """End the run as failed, for a reason that is no exception of this process."""
        self.log.set_tags({FAILED_TAG: reason[:_MAX_REASON]})
        self.end(RunStatus.FAILED, end_ms=end_ms)


def begin_trial(
    parent_run_id: str, number: object, tags: Mapping[str, str], entered: RunContext | None = None
) -> Trial:
    """A child of a run that log calls of this thread go to, until its ``leave``.

    entered: the context that was entered for it, to be left with it.
    """
    with within(CALL_S):
        runs.start_run(
            run_name=f"trial-{number}",
            nested=True,
            parent_run_id=parent_run_id,
            tags={NUMBER_TAG: str(number), **tags},
        )
    active = session.stack()[-1]
    active.lent = "trial"
    return Trial(active.log, active.link, active, entered)


def write_trial(outer: Active, number: object, tags: Mapping[str, str], start_ms: int) -> Trial:
    """A child of ``outer`` that is over, to be written down and ended; no call to the server is made for it."""
    name, texts = f"trial-{number}", {NUMBER_TAG: str(number), **tags}
    log = births.begin_unseen(outer.link, outer=outer, run_name=name, tags=texts, start_ms=start_ms)
    return Trial(log, outer.link)


class Search:
    """The parent run of a search, active in the thread that made this.

    recorder: writes to it. context: carries it to workers.
    """

    def __init__(self, recorder: Recorder, guest: RunContext | None = None) -> None:
        self.recorder = recorder
        self.context = guest or run_context()
        self._guest = guest
        self._thread = threading.get_ident()

    @classmethod
    def open(cls, flavor: str, options: Options, name: str | None = None) -> Search | None:
        """The user's run, or a new one; None where ``exclusive`` leaves the user's run alone."""
        recorder = open_run(flavor, options, name=name, shared=True)
        return None if recorder is None else cls(recorder)

    @classmethod
    def join(cls, flavor: str, options: Options, run_id: str, name: str | None = None) -> Search:
        """A parent under a known id, where no run is active: one of another process, one that goes on, or a new one.

        name: of the run if nobody has begun it yet.

        Raises:
            NotFound: it was deleted for good. Conflict: it is in the trash.
        """
        guard.take_fault()  # of a training before this one
        with within(CALL_S):
            try:
                found = runs.get_run(run_id)
            except NotFound:
                runs.start_agreed(run_id, name, {AUTOLOGGING: flavor, **(options.extra_tags or {})})
                return cls(Recorder(options, _lent(), managed=True))
            if found.info.status is not RunStatus.RUNNING:
                runs.start_run(run_id=run_id)
                return cls(Recorder(options, _lent(), managed=True))
        info = found.info
        context = RunContext(Origin(session.link.uri, info.experiment_id, "", run_id, info.run_name, info.artifact_uri))
        context.begin()
        return cls(Recorder(options, session.stack()[-1], managed=False), context)

    def begin_trial(self, number: object, tags: Mapping[str, str]) -> Trial:
        """A child that log calls of this thread go to, until its ``leave``."""
        entered = self.context if threading.get_ident() != self._thread else None
        if entered is not None:
            entered.begin()
        try:
            return begin_trial(self.recorder.run_id, number, tags, entered)
        except BaseException as error:
            if entered is not None:
                entered.leave(error)
            raise

    def write_trial(self, number: object, tags: Mapping[str, str], start_ms: int) -> Trial:
        """A child that is over, to be written down and ended."""
        return write_trial(self.recorder.active, number, tags, start_ms)

    def end(self, error: BaseException | None) -> None:
        """End the parent if it is ours. error: what the search raised."""
        self.recorder.end(error)
        if self._guest is not None:
            self._guest.leave(error)


def _lent() -> Active:
    active = session.stack()[-1]
    active.lent = "run"
    return active
