"""Where Hyperopt is wrapped: at what every ``fmin`` goes through, however the user imported it.

``FMinIter.exhaust`` is the search, ``Domain.evaluate`` a trial in this process, and ``_run_trial_async`` of
``SparkTrials`` a trial that goes to a worker.
"""

from __future__ import annotations

import copy
import functools
from types import ModuleType
from typing import Any

from clew.integrations import guard, options
from clew.integrations.hyperopt.search import HyperoptSearch, searches
from clew.integrations.hyperopt.worker import workers_have_clew
from clew.integrations.patch import Patch


def patch_module(patch: Patch, module: ModuleType) -> None:
    """Wrap what one module of Hyperopt holds."""
    if module.__name__ == "hyperopt.fmin":
        patch.replace(module.FMinIter, "exhaust", functools.partial(_exhaust, patch))
    elif module.__name__ == "hyperopt.base":
        patch.replace(module.Domain, "evaluate", functools.partial(_evaluate, patch))
    elif hasattr(module, "_SparkFMinState"):
        patch.replace(module._SparkFMinState, "_run_trial_async", functools.partial(_run_on_spark, patch))  # noqa: SLF001
        patch.replace(module._SparkFMinState, "_finish_trial_run", functools.partial(_finish_on_spark, patch))  # noqa: SLF001


def _exhaust(patch: Patch, original: Any) -> Any:
    @functools.wraps(original)
    def exhaust(self: Any) -> Any:
        chosen = options.wanted("hyperopt")
        if chosen is None or guard.inside() or not patch.live:
            return original(self)
        with patch.quiet():
            search = guard.guarded("the start of a search's run", HyperoptSearch.open, self, chosen)
            if search is None:
                return original(self)
            return guard.closed("the end of a search's run", search.close, original, self)

    return exhaust


def _evaluate(patch: Patch, original: Any) -> Any:
    @functools.wraps(original)
    def evaluate(self: Any, config: Any, ctrl: Any, *args: Any, **kwargs: Any) -> Any:
        search = searches.get(id(getattr(ctrl, "trials", None))) if patch.live else None
        if search is None:
            return original(self, config, ctrl, *args, **kwargs)
        begun = guard.guarded("the start of a trial's run", search.begin, ctrl.current_trial)
        if begun is None:
            return original(self, config, ctrl, *args, **kwargs)
        try:
            result = original(self, config, ctrl, *args, **kwargs)
        except BaseException as error:
            guard.guarded("the end of a trial's run", search.done, begun, config, None, error)
            raise
        guard.guarded("the end of a trial's run", search.done, begun, config, result, None)
        return result

    return evaluate


def _run_on_spark(patch: Patch, original: Any) -> Any:
    @functools.wraps(original)
    def run_trial_async(self: Any, trial: Any) -> Any:
        search = searches.get(id(self.trials)) if patch.live else None
        if search is None or not guard.guarded("looking at Spark's workers", workers_have_clew, self.spark):
            return original(self, trial)
        # A copy that shares everything but the objective, which has to know the trial's number.
        state = copy.copy(self)
        state.eval_function = search.carried(self.eval_function, trial["tid"])
        return original(state, trial)

    return run_trial_async


def _finish_on_spark(patch: Patch, original: Any) -> Any:
    @functools.wraps(original)
    def finish_trial_run(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = original(self, *args, **kwargs)
        search = searches.get(id(self.trials)) if patch.live else None
        trial = kwargs.get("trial", args[2] if len(args) > 2 else None)
        if search is not None and trial is not None:
            guard.guarded("logging a trial", search.tell_best, trial["tid"], trial["result"])
        return answer

    return finish_trial_run
