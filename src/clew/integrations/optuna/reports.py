"""Intermediate values of a trial, logged as the objective reports them."""

from __future__ import annotations

import functools
from typing import Any

from clew.client.runlog import RunLog
from clew.integrations import guard


class Reports:
    """Looks at ``trial.report`` of one trial, on the very object that the objective gets, until ``remove``.

    log: the trial's run. steps: those whose values were logged.
    """

    def __init__(self, trial: Any, log: RunLog) -> None:
        self.steps: set[int] = set()
        self._trial = trial
        self._log = log
        original = trial.report

        @functools.wraps(original)
        def report(value: float, step: int) -> None:
            original(value, step)  # first: it says what is wrong with the arguments
            guard.guarded("logging an intermediate value", self._tell, value, step)

        trial.report = report

    def remove(self) -> None:
        """Look no further."""
        vars(self._trial).pop("report", None)

    def _tell(self, value: float, step: int) -> None:
        if step not in self.steps:  # of several values for a step Optuna keeps the first
            self.steps.add(step)
            self._log.log_points({"intermediate_value": float(value)}, int(step))
