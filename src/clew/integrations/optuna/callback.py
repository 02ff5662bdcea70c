"""The same record without autologging: a callback that is handed to ``Study.optimize``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from clew.integrations import guard
from clew.integrations.options import Options
from clew.integrations.optuna.study import StudyRun
from clew.integrations.trials import Search


class ClewCallback:
    """Records a study and its trials: ``study.optimize(objective, callbacks=[callback])``.

    In ``with ClewCallback() as callback:`` the study's run ends with the block, and gets the counts of trials then;
    otherwise it is the active run, or a new one that ends with the process. It serves ``study.ask`` and ``study.tell``,
    too: ``callback(study, study.tell(…))``.

    metric_name: of the objective's value, unless the study has ``metric_names``; several get ``_0``, ``_1``, ….
    extra_tags: set on a run that the callback makes.
    """

    def __init__(self, metric_name: str = "value", *, extra_tags: Mapping[str, str] | None = None) -> None:
        self._metric_name = metric_name
        self._options = Options(extra_tags=extra_tags)
        self._lock = threading.Lock()
        self._search: Search | None = None
        self._run: StudyRun | None = None

    def __enter__(self) -> ClewCallback:
        self._search = guard.guarded("the start of a study's run", Search.open, "optuna", self._options)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run, search, self._run, self._search = self._run, self._search, None, None
        if run is not None:
            guard.guarded("the end of a study's run", run.close, error)
        elif search is not None:
            guard.guarded("the end of a study's run", search.end, error)

    def __call__(self, study: Any, trial: Any) -> None:
        """Record a trial that is over."""
        run = guard.guarded("the start of a study's run", self._run_of, study)
        if run is not None:
            run.record(study, trial)

    def track(self, objective: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The objective inside its trial's run, so that log calls in it and autologged trainings go there."""

        def tracked(trial: Any) -> Any:
            run = guard.guarded("the start of a study's run", self._run_of, trial.study)
            return objective(trial) if run is None else run.track(objective)(trial)

        return tracked

    def _run_of(self, study: Any) -> StudyRun | None:
        with self._lock:
            if self._run is None:
                if self._search is None:
                    self._run = StudyRun.open(study, self._options, self._metric_name)
                else:
                    self._run = StudyRun.over(study, self._search, self._metric_name, named=True)
            return self._run
