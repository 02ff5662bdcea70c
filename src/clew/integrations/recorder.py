"""The run of one training call: the user's, or one of our own that ends with the call."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Mapping
from typing import Any, Final

from clew.client import runs
from clew.client.active import Active
from clew.client.deadline import within
from clew.client.failure import explain
from clew.client.outcome import Outcome, outcome_of
from clew.client.runlog import RunLog
from clew.client.session import session
from clew.client.values import dataset_fields
from clew.entities.dataset import Dataset
from clew.ids import now_ms
from clew.integrations import guard
from clew.integrations.options import Options

AUTOLOGGING: Final = "mlflow.autologging"
"""The tag of runs that autologging made; its value is the framework."""
CALL_S: Final = 1.5
"""How long the calls that begin a run or find one may take; without an answer the journal keeps the run."""

_lock = threading.Lock()
_trained_in: set[str] = set()
"""Runs of the user that hold a training already; the next one opens a child run (decision 15)."""


class Recorder:
    """Where a training call is written.

    active: the run, as it became active. run_id: its id. managed: whether the run is ours to end.
    model_id: the logged model that metrics are bound to, once there is one.
    """

    def __init__(self, options: Options, active: Active, managed: bool) -> None:
        self.options = options
        self.active = active
        self.run_id = active.log.run_id
        self.managed = managed
        self.model_id: str | None = None

    def params(self, params: Mapping[str, Any]) -> None:
        """Log params as texts; one that the run has with another value stays as it is."""
        log = self._log()
        for key, value in params.items():
            guard.guarded("logging a parameter", log.log_params, {key: value})

    def best_params(self, params: Mapping[str, Any]) -> None:
        """Log the best params of a search as ``best_<name>``; those of a run that goes on keep their first value."""
        log = self._log()
        fresh = {f"best_{name}": value for name, value in params.items() if f"best_{name}" not in log.params}
        guard.guarded("logging the best parameters", self.params, fresh)

    def tags(self, tags: Mapping[str, str]) -> None:
        """Set tags of the run."""
        self._log().set_tags(dict(tags))

    def metrics(self, metrics: Mapping[str, float], step: int = 0, dataset: Dataset | None = None) -> None:
        """Log metrics, bound to the logged model and to a dataset where there is one; also after the run's end."""
        log = self._log()
        if self.model_id is None and dataset is None:
            for key, value in metrics.items():  # in a training whose data fill the caches the shortest way is worth it
                log.log_metric(key, value, step)
            return
        named = ("", "") if dataset is None else (dataset.name, dataset.digest)
        log.log_points(dict(metrics), step, None, (self.model_id or "", *named))

    def dataset(self, dataset: Dataset, context: str) -> None:
        """Log a dataset input with the context ``train`` or ``eval``."""
        self._log().log_input(dataset_fields(dataset), {"mlflow.data.context": context}, None)

    def artifact(self, path: str, data: bytes) -> None:
        """Store a small file among the run's artifacts, by the shipper."""
        with tempfile.TemporaryDirectory(prefix="clew-") as scratch:
            file = os.path.join(scratch, "file")
            with open(file, "wb") as out:
                out.write(data)
            self.file(file, path)

    def file(self, local: str, path: str) -> None:
        """Store a file among the run's artifacts, by the shipper, which gets a copy."""
        self.active.link.put_artifact(self.run_id, local, path, later=True, fleeting=True)

    def text(self, text: str, path: str) -> None:
        """Store a text among the run's artifacts, by the shipper."""
        self.artifact(path, text.encode())

    def _log(self) -> RunLog:
        known = self.active.link.runs.get(self.run_id)
        if known is not None:
            return known
        with within(CALL_S):
            return self.active.link.run(self.run_id)

    def end(self, error: BaseException | None) -> None:
        """End the run if it is ours; a failure of logging goes to the tag ``autolog.error``.

        The user's code goes on at once: what is read from here on waits for the run, and so does the process's end.

        error: what the training raised.
        """
        self.tell_fault()
        active = self.active if self.managed else None
        if active is not None:
            session.pop(self.run_id)  # unless the user's end_run took it off already
        outcome = outcome_of(error)
        if active is not None and self.active.link.away:
            # There is nothing to wait for, and that has been said.
            for companion in active.companions:
                companion.stop()
            self._write_end(active.log, outcome)
        elif active is not None:
            session.end(active, outcome.status.value, later=True, outcome=outcome)

    def end_again(self, error: BaseException | None) -> None:
        """Move the end of a run of ours, which has ended, to now: what it records has gone on.

        error: what the training raised.
        """
        self.tell_fault()
        if self.managed:
            self._write_end(self._log(), outcome_of(error))

    def _write_end(self, log: RunLog, outcome: Outcome) -> None:
        explain(log, outcome)
        log.end(outcome.status.value, now_ms())
        self.active.link.runs.pop(self.run_id, None)

    def tell_fault(self) -> None:
        """Tag the run with the last failure of logging, if there was one."""
        fault = guard.take_fault()
        if fault is not None:
            guard.guarded("logging a failure", self.tags, {"autolog.error": fault[:500]})


def open_run(flavor: str, options: Options, *, name: str | None = None, shared: bool = False) -> Recorder | None:
    """The run for a training call that begins now; None where ``exclusive`` leaves the user's run alone.

    name: of the run where one is made.
    shared: workers may take part together, so that the run of the process that started this one is theirs, too.
    """
    guard.take_fault()
    active = session.innermost()
    if active is not None and options.exclusive:
        return None
    if active is not None:
        run_id = active.log.run_id
        with _lock:
            # other workers train in it, too
            again = run_id in _trained_in or (active.guest and not shared)
            _trained_in.add(run_id)
        if not again:
            return Recorder(options, active, False)
    with within(CALL_S):
        runs.start_run(
            run_name=name,
            nested=active is not None,
            tags={AUTOLOGGING: flavor, **(options.extra_tags or {})},
        )
    active = session.stack()[-1]
    active.lent = "run"
    return Recorder(options, active, True)
