"""A callback for Ray Tune. CI knows it only with a stand-in for Ray."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from clew.client.api import ClewClient
from clew.client.runs import active_or_begun
from clew.client.source import PARENT
from clew.errors import MissingPackage


def logger_callback() -> Any:
    """A callback that makes each trial a child of the active run: ``tune.RunConfig(callbacks=[logger_callback()])``.

    It works on the driver: params are the trial's configuration, nested ones joined by ``/``; metrics are the numbers
    that it reports, at its training iteration. A trial that failed is a run that FAILED.

    Raises:
        MissingPackage: Ray Tune is not installed.
    """
    try:
        base = importlib.import_module("ray.tune.logger").LoggerCallback
    except ImportError:
        raise MissingPackage("clew.contrib.ray needs Ray Tune: pip install 'ray[tune]'") from None
    return _class_over(base)()


def _class_over(base: Any) -> Any:
    class ClewLoggerCallback(base):  # type: ignore[misc]
        """Writes each trial of a search to a run of its own."""

        def __init__(self) -> None:
            super().__init__()
            active = active_or_begun()
            self._parent = active.log.run_id
            self._client = ClewClient(active.link.uri)
            self._experiment = active.log.experiment_id
            self._runs: dict[str, str] = {}

        def log_trial_start(self, trial: Any) -> None:
            """Begin the trial's run; one that goes on keeps it."""
            if trial.trial_id in self._runs:
                return
            tags = {PARENT: self._parent}
            run = self._client.create_run(self._experiment, tags=tags, run_name=f"trial-{trial.trial_id}")
            self._runs[trial.trial_id] = run.info.run_id
            for key, value in _flat(trial.config).items():
                self._client.log_param(run.info.run_id, key, value)

        def log_trial_result(self, iteration: int, trial: Any, result: Mapping[str, Any]) -> None:
            """Write what a trial reports."""
            self.log_trial_start(trial)
            step = int(result.get("training_iteration", iteration))
            numbers = {
                k: v for k, v in _flat(result).items() if isinstance(v, int | float) and not k.startswith("config/")
            }
            for key, value in numbers.items():
                self._client.log_metric(self._runs[trial.trial_id], key, float(value), step=step)

        def log_trial_end(self, trial: Any, failed: bool = False) -> None:
            """End the trial's run."""
            run_id = self._runs.pop(trial.trial_id, None)
            if run_id is not None:
                self._client.set_terminated(run_id, "FAILED" if failed else "FINISHED")

    return ClewLoggerCallback


def _flat(given: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in given.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{key}/")
        else:
            flat[f"{before}{key}"] = value
    return flat
