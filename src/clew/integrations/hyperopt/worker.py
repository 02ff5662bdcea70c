"""A trial where it runs: the objective inside the trial's run, in this process or on a worker of Spark's."""

from __future__ import annotations

import functools
import importlib.util
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from clew.client.context import RunContext
from clew.entities.run import RunStatus
from clew.integrations import guard
from clew.integrations.trials import STATE_TAG, Trial, begin_trial

_log = logging.getLogger("clew.autolog")


class SparkTrial:
    """The objective as it travels to a worker, with the run and the number of its trial."""

    def __init__(self, context: RunContext, objective: Callable[..., Any], number: int) -> None:
        functools.update_wrapper(self, objective)
        self.context = context
        self.objective = objective
        self.number = number

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the objective returns."""
        guard.guarded("entering a run", self.context.begin)
        trial = guard.guarded("the start of a trial's run", self._begin)
        if trial is None:
            return self._leave(self.objective(*args, **kwargs))
        started = time.monotonic()
        guard.guarded("logging a trial", log_params, trial, args[0] if args else None, {})
        try:
            result = self.objective(*args, **kwargs)
        except BaseException as error:
            finish(trial, started, None, error)
            self._leave(None)
            raise
        finish(trial, started, result, None)
        return self._leave(result)

    def _leave(self, result: Any) -> Any:
        guard.guarded("leaving a run", self.context.leave, None)
        guard.guarded("waiting for a trial's run", self.context.settle)
        return result

    def _begin(self) -> Trial:
        return begin_trial(self.context.run_id or "", self.number, {})


def log_params(trial: Trial, point: Any, config: Mapping[str, Any]) -> None:
    """Log a trial's params.

    point: what the objective got: a dictionary, which is flattened, or anything else, which ``config`` stands for.
    config: the values of the search space by label.
    """
    for name, value in (flat(point) if isinstance(point, Mapping) else dict(config)).items():
        guard.guarded("logging a trial's parameter", trial.log.log_params, {name: value})


def finish(trial: Trial, started: float, result: Any, error: BaseException | None) -> None:
    """Log what became of a trial, and end its run.

    started: when it began, in seconds of ``time.monotonic``.
    result: what the objective returned. error: what it raised instead.
    """
    guard.guarded("the end of a trial", trial.leave, error)
    reason = "" if error is not None else guard.guarded("logging a trial", _log_result, trial, result) or ""
    failed = error is not None or bool(reason)
    ends = {STATE_TAG: "FAIL" if failed else "COMPLETE"}, {"duration_s": time.monotonic() - started}
    guard.guarded("logging a trial", trial.log.set_tags, ends[0])
    guard.guarded("logging a trial", trial.log.log_points, ends[1])
    if reason:
        guard.guarded("the end of a trial's run", trial.fail, reason)
    else:
        guard.guarded("the end of a trial's run", trial.end, _status(failed), error=error)


def _status(failed: bool) -> RunStatus:
    return RunStatus.FAILED if failed else RunStatus.FINISHED


def _log_result(trial: Trial, result: Any) -> str:
    """Log the numbers of a result; why Hyperopt takes it for a failure, empty where it does not."""
    fields = result if isinstance(result, Mapping) else {"loss": result}
    numbers = {str(name): float(value) for name, value in fields.items() if _is_number(value)}
    trial.log.log_points(numbers)
    status = str(fields.get("status", "ok"))
    if status == "ok" and "loss" in numbers:
        return ""
    return f"The objective answered the status {status!r} and the loss {fields.get('loss')!r}."


def flat(point: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dictionaries as one, the names joined by dots."""
    found: dict[str, Any] = {}
    for name, value in point.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


_known: dict[str, bool] = {}


def workers_have_clew(spark: Any) -> bool:
    """Whether Spark's workers can import Clew; asked once per session, by a job of one task."""
    application = str(spark.sparkContext.applicationId)
    if application not in _known:
        _known[application] = False
        found = spark.sparkContext.parallelize(["clew"], 1).map(importlib.util.find_spec).map(bool).collect()
        _known[application] = bool(found[0])
        if not _known[application]:
            _log.warning(
                "Spark's workers cannot import clew, so trials are recorded when they are over; install it there."
            )
    return _known[application]


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | str | bytes) or value is None:
        return False
    try:
        return not math.isnan(float(value))
    except (TypeError, ValueError, OverflowError):
        return False
