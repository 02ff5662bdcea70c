"""What a search by ``fmin`` leaves in its run."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from clew.client.search import search_runs
from clew.entities.run import RunStatus
from clew.ids import now_ms
from clew.integrations import guard
from clew.integrations.hyperopt import worker
from clew.integrations.options import Options
from clew.integrations.trials import STATE_TAG, Search, Trial

_STATES: Final = {0: "new", 1: "running", 2: "complete", 3: "fail", 4: "cancelled"}
"""Hyperopt's JOB_STATE_…, in the words of the other searches."""

searches: dict[int, HyperoptSearch] = {}
"""The searches that are going on, by the id of their ``Trials``."""


class Begun(NamedTuple):
    """A trial that runs in this process. started: in seconds of ``time.monotonic``."""

    number: int
    trial: Trial
    started: float


class HyperoptSearch:
    """The parent run of a search. iteration: Hyperopt's ``FMinIter``."""

    def __init__(self, search: Search, iteration: Any) -> None:
        self._search = search
        self._domain = iteration.domain
        self._trials = iteration.trials
        self._before = {trial["tid"] for trial in self._documents()}
        self._written: set[int] = set()
        self._best: float | None = None

    @classmethod
    def open(cls, iteration: Any, options: Options) -> HyperoptSearch | None:
        """The user's run, or a new one."""
        search = Search.open("hyperopt", options)
        if search is None:
            return None
        found = searches[id(iteration.trials)] = cls(search, iteration)
        guard.guarded("logging a search", found._describe, iteration)
        return found

    def _describe(self, iteration: Any) -> None:
        algorithm = getattr(iteration.algo, "func", iteration.algo)  # a partial's
        space = {f"space.{label}": text for label, text in space_of(self._domain).items()}
        named = {"algorithm": f"{algorithm.__module__}.{algorithm.__name__}", "max_evals": iteration.max_evals}
        self._search.recorder.params({**named, **space})

    # -- trials -----------------------------------------------------------------------------

    def begin(self, document: Mapping[str, Any]) -> Begun:
        """The run of a trial in this process."""
        number = document["tid"]
        trial = self._search.begin_trial(number, {})
        self._written.add(number)
        return Begun(number, trial, time.monotonic())

    def done(self, begun: Begun, config: Any, result: Any, error: BaseException | None) -> None:
        """The objective answered, or raised ``error``."""
        number, trial, started = begun
        guard.guarded("logging a trial", self._log_params, trial, config)
        worker.finish(trial, started, result, error)
        if error is None:
            self.tell_best(number, result)

    def carried(self, objective: Callable[..., Any], number: int) -> worker.SparkTrial:
        """The objective for a worker."""
        return worker.SparkTrial(self._search.context, objective, number)

    def _log_params(self, trial: Trial, config: Mapping[str, Any]) -> None:
        worker.log_params(trial, self._point(config), config)

    def _point(self, config: Mapping[str, Any]) -> Any:
        from hyperopt import space_eval

        return space_eval(self._domain.expr, dict(config))

    def tell_best(self, number: int, result: Mapping[str, Any]) -> None:
        """Log the loss of a trial if it is the best so far."""
        loss = result.get("loss")
        if result.get("status") == "ok" and loss is not None and (self._best is None or float(loss) < self._best):
            self._best = float(loss)
            self._search.recorder.metrics({"best_loss": self._best, "best_trial": float(number)}, number)

    # -- the end ----------------------------------------------------------------------------

    def close(self, error: BaseException | None) -> None:
        """Write what the search found, and what its workers could not; end its run if it is ours.

        error: what the search raised.
        """
        searches.pop(id(self._trials), None)
        guard.guarded("logging trials", self._write_missing)
        guard.guarded("logging a search's result", self._conclude)
        self._search.end(error)

    def _documents(self) -> list[Any]:
        """All trials, those that failed too, which ``Trials.trials`` hides."""
        return list(self._trials._dynamic_trials)  # noqa: SLF001 - there is no other way to them

    def _mine(self) -> list[Any]:
        return [trial for trial in self._documents() if trial["tid"] not in self._before and trial["state"] != 0]

    def _write_missing(self) -> None:
        missing = [trial for trial in self._mine() if trial["tid"] not in self._written]
        if not missing:
            return
        parent = self._search.recorder.run_id
        found: Any = search_runs(
            [self._search.recorder.active.run.info.experiment_id],
            filter_string=f"tags.`mlflow.parentRunId` = '{parent}'",
            output_format="list",
        )
        known = {run.data.tags.get("trial.number") for run in found}
        for trial in missing:
            if str(trial["tid"]) not in known:
                guard.guarded("logging a trial", self._write, trial)

    def _write(self, document: Mapping[str, Any]) -> None:
        begun, ended = _ms(document.get("book_time")), _ms(document.get("refresh_time"))
        trial = self._search.write_trial(document["tid"], {}, begun)
        config = config_of(document)
        guard.guarded("logging a trial", self._log_params, trial, config)
        state, result = _STATES.get(document["state"], "fail"), document.get("result") or {}
        trial.log.set_tags({STATE_TAG: state.upper()})
        trial.log.log_points({"duration_s": (ended - begun) / 1000})
        if state == "complete":
            if result.get("loss") is not None:
                trial.log.log_points({"loss": float(result["loss"])})
            trial.end(RunStatus.FINISHED, end_ms=ended)
            return
        kind, text = document["misc"].get("error") or (state, "")
        trial.fail((str(text).strip().splitlines() or [str(kind)])[-1], end_ms=ended)

    def _conclude(self) -> None:
        recorder, mine = self._search.recorder, self._mine()
        states = Counter(_state_of(trial) for trial in mine)
        counts = {"trials": len(mine), **{f"trials_{state}": count for state, count in states.items()}}
        last = max((trial["tid"] for trial in mine), default=0)
        recorder.metrics({name: float(count) for name, count in counts.items()}, last)
        if not any(trial["result"].get("status") == "ok" for trial in self._trials.trials):
            return
        best = self._trials.best_trial
        recorder.metrics({"best_loss": float(best["result"]["loss"]), "best_trial": float(best["tid"])}, last)
        config = config_of(best)
        point = self._point(config)
        params = worker.flat(point) if isinstance(point, Mapping) else config
        recorder.tags({"best_params": json.dumps(params, default=str)})
        recorder.best_params(params)


def config_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a trial by label; those that the trial had no use for are left out."""
    return {label: values[0] for label, values in document["misc"]["vals"].items() if len(values)}


def space_of(domain: Any) -> dict[str, str]:
    """The search space in words, by label: ``uniform(-1, 1)``, ``choice('a', 'b')``."""
    found = {label: _words(node) for label, node in domain.params.items()}
    from hyperopt.pyll import dfs

    for node in dfs(domain.expr):
        if node.name == "switch" and node.pos_args[0].name == "hyperopt_param":
            options = ", ".join(_words(option) for option in node.pos_args[1:])
            found[node.pos_args[0].arg["label"].obj] = f"choice({options})"
    return found


def _words(node: Any) -> str:
    if node.name == "literal":
        return repr(node.obj)
    if node.name == "hyperopt_param":
        return str(node.arg["label"].obj)
    arguments = [_words(argument) for argument in node.pos_args]
    arguments += [f"{name}={_words(argument)}" for name, argument in node.named_args]
    return f"{node.name}({', '.join(arguments)})"


def _state_of(document: Mapping[str, Any]) -> str:
    state = _STATES.get(document["state"], "fail")
    return "fail" if state == "complete" and document["result"].get("status") != "ok" else state


def _ms(moment: Any) -> int:
    """Hyperopt's times are UTC without saying so."""
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000) if isinstance(moment, datetime) else now_ms()
