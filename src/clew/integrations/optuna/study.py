"""What a study leaves in its run, and each trial in a child of it."""

from __future__ import annotations

import functools
import json
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from clew.client.session import session
from clew.client.source import RUN_NAME
from clew.entities.run import RunStatus
from clew.errors import shown
from clew.ids import new_id, now_ms
from clew.integrations import guard
from clew.integrations.options import Options
from clew.integrations.optuna.reports import Reports
from clew.integrations.trials import PLANNED_TAG, STATE_TAG, Search, Trial

ATTRIBUTE: Final = "clew:run:"
"""User attributes of a study begin so whose end is the id of its run; their value is the store's address."""
_RESERVED: Final = ("mlflow.", "clew.")
_UNNAMED: Final = "no-name-"
_REFUSED: Final = "The objective's value was refused: a number per direction is needed, and no NaN."


class Begun(NamedTuple):
    """A trial that has run here, until it is written down.

    error: what the objective raised. steps: those whose intermediate values are logged.
    """

    run: Trial
    error: BaseException | None
    steps: Collection[int]


class StudyRun:
    """The parent run of a study. metric_name: of the objective's value, where the study does not say it."""

    def __init__(self, study: Any, search: Search, metric_name: str = "value") -> None:
        self._study = study
        self._search = search
        self._metric_name = metric_name
        self._silent = search.recorder.options.silent
        self._lock = threading.Lock()
        self._open: dict[int, Begun] = {}
        self._space: dict[str, str] = {}
        self._best: float | None = None
        self._minimized = [direction.name == "MINIMIZE" for direction in study.directions]

    @classmethod
    def open(cls, study: Any, options: Options, metric_name: str = "value") -> StudyRun | None:
        """The run of a study: the user's, the one that it had before or has in another process, or a new one."""
        search = None
        name = _name_of(study)
        if session.innermost() is None and session.link.kind == "clew":
            known = _run_of(study) or _agree(study)
            search = guard.guarded("going on with a study's run", Search.join, "optuna", options, known, name)
        if search is None:
            search = Search.open("optuna", options, name)
        return None if search is None else cls.over(study, search, metric_name)

    @classmethod
    def over(cls, study: Any, search: Search, metric_name: str, *, named: bool = False) -> StudyRun:
        """The run of a study in a parent that is there.

        named: give the parent the study's name, if it is not the user's.
        """
        if _run_of(study) is None:
            study.set_user_attr(ATTRIBUTE + search.recorder.run_id, shown(session.link.uri))
        run = cls(study, search, metric_name)
        guard.guarded("logging a study", run._describe)
        if named and search.recorder.managed and _name_of(study):
            search.recorder.tags({RUN_NAME: _name_of(study) or ""})
        return run

    def plan(self, trials: int | None) -> None:
        """Say how many trials there shall be, if that is known, so that whoever looks sees what remains."""
        if trials is not None:
            total = len(self._study.get_trials(deepcopy=False)) + trials
            self._search.recorder.tags({PLANNED_TAG: str(total)})

    # -- trials -----------------------------------------------------------------------------

    def track(self, objective: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The objective, inside a run of its own for each trial."""

        def tracked(trial: Any) -> Any:
            with guard.muted(self._silent):  # also where trials have threads of their own
                return self._track(objective, trial)

        return _named_as(tracked, objective)

    def _track(self, objective: Callable[[Any], Any], trial: Any) -> Any:
        begun = guard.guarded("the start of a trial's run", self._search.begin_trial, trial.number, {})
        if begun is None:
            return objective(trial)
        reports = guard.guarded("watching a trial", Reports, trial, begun.log)
        try:
            result = objective(trial)
        except BaseException as error:
            guard.guarded("the end of a trial", self._leave, trial.number, begun, reports, error)
            guard.guarded("the end of a trial's run", self._fail, trial.number, error)
            raise
        guard.guarded("the end of a trial", self._leave, trial.number, begun, reports, None)
        return result

    def record(self, study: Any, trial: Any) -> None:
        """Optuna's callback after a trial: write down what became of it."""
        del study
        with guard.muted(self._silent):
            guard.guarded("logging a trial", self._record, trial)

    def _leave(self, number: int, run: Trial, reports: Reports | None, error: BaseException | None) -> None:
        with self._lock:
            self._open[number] = Begun(run, error, () if reports is None else reports.steps)
        if reports is not None:
            reports.remove()
        run.leave(error)

    def _fail(self, number: int, error: BaseException) -> None:
        """Write down a trial that raised: Optuna calls nobody after one that ends the study."""
        if type(error).__name__ != "TrialPruned":
            trial = self._study.get_trials(deepcopy=False)[number]
            self._finish(trial, "FAIL")

    def _record(self, trial: Any) -> None:
        state = trial.state.name
        with self._lock:
            fresh = trial.number in self._open
        if fresh or state != "FAIL":  # one that failed has been written down
            self._finish(trial, state)
        for name, distribution in trial.distributions.items():
            self._tell_space(name, str(distribution))
        if state == "COMPLETE" and len(self._minimized) == 1:
            self._tell_best(trial)

    def _finish(self, trial: Any, state: str) -> None:
        with self._lock:
            begun = self._open.pop(trial.number, None)
        if begun is None:
            begun = Begun(self._search.write_trial(trial.number, {}, _ms(trial.datetime_start)), None, ())
        run, error, _ = begun
        try:
            guard.guarded("logging a trial", self._write, begun, trial, state)
        finally:
            end_ms = _ms(trial.datetime_complete)
            if state != "FAIL":
                run.end(RunStatus.FINISHED, end_ms=end_ms)
            elif error is not None:
                run.end(RunStatus.FAILED, end_ms=end_ms, error=error)
            else:
                run.fail(_REFUSED, end_ms=end_ms)

    def _write(self, begun: Begun, trial: Any, state: str) -> None:
        log = begun.run.log
        log.set_tags({STATE_TAG: state, **_tags(trial.user_attrs)})
        for name, value in trial.params.items():
            guard.guarded("logging a trial's parameter", log.log_params, {name: value})
        for step, value in sorted(trial.intermediate_values.items()):
            if step not in begun.steps:
                log.log_points({"intermediate_value": value}, max(step, 0))
        values = dict(zip(self._value_names(), trial.values or (), strict=False))
        start, end = _ms(trial.datetime_start), _ms(trial.datetime_complete)
        log.log_points({**values, "duration_s": (end - start) / 1000})

    def _value_names(self) -> list[str]:
        named = self._study.metric_names
        if named is not None:
            return list(named)
        count = len(self._minimized)
        return [self._metric_name] if count == 1 else [f"{self._metric_name}_{i}" for i in range(count)]

    # -- the study --------------------------------------------------------------------------

    def _describe(self) -> None:
        study = self._study
        directions = [direction.name.lower() for direction in study.directions]
        self._search.recorder.params(
            {
                "study_name": study.study_name,
                "direction": ",".join(directions),
                "sampler": type(study.sampler).__name__,
                "pruner": type(study.pruner).__name__,
            }
        )
        self._search.recorder.tags(_tags(study.user_attrs))

    def _tell_space(self, name: str, text: str) -> None:
        with self._lock:
            known = self._space.setdefault(name, text)
        if known is text:
            self._search.recorder.params({f"space.{name}": text})

    def _tell_best(self, trial: Any) -> None:
        value = trial.value
        with self._lock:
            better = self._best is None or (value < self._best if self._minimized[0] else value > self._best)
            if better:
                self._best = value
        # Another process may have found a better one.
        if better and self._study.best_trial.number == trial.number:
            self._search.recorder.metrics({"best_value": value, "best_trial": float(trial.number)}, trial.number)
            self._search.recorder.tags({"best_params": json.dumps(trial.params, default=str)})

    def close(self, error: BaseException | None) -> None:
        """Write what the study found, and end its run if it is ours. error: what ``optimize`` raised."""
        for begun in self._open.values():
            guard.guarded("the end of a trial's run", begun.run.end, RunStatus.FAILED if error else RunStatus.FINISHED)
        guard.guarded("logging a study's result", self._conclude)
        self._search.end(error)

    def _conclude(self) -> None:
        recorder = self._search.recorder
        trials = self._study.get_trials(deepcopy=False)
        states = Counter(trial.state.name.lower() for trial in trials)
        counts = {"trials": len(trials), **{f"trials_{state}": count for state, count in states.items()}}
        last = max(len(trials) - 1, 0)
        recorder.metrics({name: float(count) for name, count in counts.items()}, last)
        if not states["complete"]:
            return
        if len(self._minimized) > 1:
            front = self._study.best_trials
            recorder.metrics({"pareto_trials": float(len(front))}, last)
            recorder.tags({"best_trials": json.dumps([trial.number for trial in front])})
            return
        best = self._study.best_trial
        recorder.metrics({"best_value": best.value, "best_trial": float(best.number)}, last)
        recorder.tags({"best_params": json.dumps(best.params, default=str)})
        if not _may_be_shared(self._study):
            recorder.best_params(best.params)


def _may_be_shared(study: Any) -> bool:
    """Whether other processes may work on the study, so that none of them can tell the best params for good."""
    return type(study._storage).__name__ != "InMemoryStorage"  # noqa: SLF001 - Optuna has no other way to tell


def _name_of(study: Any) -> str | None:
    """The name that the user gave the study."""
    name: str = study.study_name
    return None if name.startswith(_UNNAMED) else name


def _agree(study: Any) -> str:
    """The id under which the run of a new study shall begin: of those that processes propose, the first."""
    proposed = new_id()
    study.set_user_attr(ATTRIBUTE + proposed, shown(session.link.uri))
    return _run_of(study) or proposed


def _run_of(study: Any) -> str | None:
    """The id of the run that the study was given first, in the store that is tracked to now."""
    uri = shown(session.link.uri)
    for name, value in study.user_attrs.items():
        if name.startswith(ATTRIBUTE) and value == uri:
            return str(name.removeprefix(ATTRIBUTE))
    return None


def _tags(attributes: Mapping[str, Any]) -> dict[str, str]:
    """User attributes as tags."""
    return {
        key: value if isinstance(value, str) else json.dumps(value, default=str)
        for key, value in attributes.items()
        if not key.startswith((ATTRIBUTE, *_RESERVED))
    }


def _ms(moment: datetime | None) -> int:
    return now_ms() if moment is None else int(moment.timestamp() * 1000)


def _named_as(tracked: Callable[[Any], Any], objective: Any) -> Callable[[Any], Any]:
    functools.update_wrapper(tracked, objective)
    return tracked
