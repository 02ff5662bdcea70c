"""``Study.optimize`` wrapped: the study gets a run before it, the objective one per trial inside it."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from clew.integrations import guard, options
from clew.integrations.optuna.study import StudyRun
from clew.integrations.patch import Patch


def patch_study(patch: Patch, study_class: type) -> None:
    """Wrap ``optimize`` of Optuna's ``Study``."""

    def make(original: Any) -> Any:
        signature = inspect.signature(original)

        @functools.wraps(original)
        def optimize(self: Any, *args: Any, **kwargs: Any) -> Any:
            chosen = options.wanted("optuna")
            if chosen is None or guard.inside() or not patch.live:
                return original(self, *args, **kwargs)
            try:
                given = signature.bind(self, *args, **kwargs).arguments
            except TypeError:
                return original(self, *args, **kwargs)  # which says what is wrong with the arguments
            with patch.quiet():
                run = guard.guarded("the start of a study's run", StudyRun.open, self, chosen)
                if run is None:
                    return original(self, *args, **kwargs)
                guard.guarded("logging a study", run.plan, given.get("n_trials"))
                given["func"] = run.track(given["func"])
                given["callbacks"] = [run.record, *(given.get("callbacks") or ())]
                return guard.closed("the end of a study's run", run.close, original, given.pop("self"), **given)

        return optimize

    patch.replace(study_class, "optimize", make)
