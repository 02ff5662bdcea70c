"""Autologging for CatBoost: ``fit`` of its models, and so ``catboost.train``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from clew.integrations import guard
from clew.integrations.boosting import Boosting, begin
from clew.integrations.dataset import HASHED_ROWS
from clew.integrations.patch import Call, Patch, Training


def patch_module(patch: Patch, module: ModuleType) -> None:
    """Wrap ``fit`` of the classes that CatBoost's core holds."""
    if module.__name__ != "catboost.core":
        return
    for kind in list(vars(module).values()):
        if isinstance(kind, type) and issubclass(kind, module.CatBoost) and "fit" in vars(kind):
            fit = inspect.signature(vars(kind)["fit"])
            start = functools.partial(_start, module, fit)
            patch.replace(kind, "fit", functools.partial(patch.call, start=start))


class _CatBoost(Boosting):
    flavor: ClassVar[str] = "catboost"

    def attach(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """The arguments of ``fit`` with our callback."""
        return args, kwargs | {"callbacks": [*(kwargs.get("callbacks") or ()), _Record(self)]}

    def later_params(self, model: Any) -> Mapping[str, Any]:
        """What CatBoost chose itself, such as the learning rate."""
        found: Mapping[str, Any] = model.get_all_params()
        return found

    def stopping(self, model: Any, last: int) -> Mapping[str, float]:
        """The best round on the validation data, where there are any, and how far it went."""
        best = model.get_best_iteration()
        if best is None:
            return {}
        found = {"best_iteration": float(best), "stopped_iteration": float(last)}
        scores = {
            f"{name}-{key}": v for name, s in model.get_best_score().items() if name != "learn" for key, v in s.items()
        }
        if len(scores) == 1:
            return found | {"best_score": float(next(iter(scores.values())))}
        return found | {f"best_score_{name}": float(value) for name, value in scores.items()}

    def importances(self, model: Any) -> Mapping[str, Mapping[str, float]]:
        """CatBoost's default kind."""
        values = model.get_feature_importance()
        return {"prediction_values_change": dict(zip(model.feature_names_, values, strict=True))}

    def done(self, result: Any) -> None:
        """Where no callback could tell the rounds, the trained model does."""
        if self.rounds == 0:
            guard.guarded("logging metrics of the rounds", self._log_history)
        super().done(result)

    def _log_history(self) -> None:
        for name, metrics in self.estimator.get_evals_result().items():
            for metric, values in metrics.items():
                for step, value in enumerate(values):
                    self.iteration(step, {f"{name}-{metric}": value})


class _Record:
    """A callback in CatBoost's form, which tells the metrics of every round."""

    def __init__(self, training: Boosting) -> None:
        self._training = training

    def after_iteration(self, info: Any) -> bool:
        """Go on, whatever happens here."""
        guard.guarded("logging metrics of a round", _log_round, self._training, info)
        return True


def _start(
    core: ModuleType, fit: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Training, Call] | None:
    bound = fit.bind(*args, **kwargs)
    given = bound.arguments
    model = given.pop("self")

    def prepare(training: Boosting) -> None:
        training.log_params({k: v for k, v in model.get_params().items() if k != "callbacks"})
        given_rounds = given.get("early_stopping_rounds")
        if given_rounds is not None:
            training.log_params({"early_stopping_rounds": given_rounds})
        _log_data(training, core, given.get("X"), given.get("y"), "train", "dataset")
        sets = given.get("eval_set")
        sets = [] if sets is None else sets if isinstance(sets, list) else [sets]
        for number, data in enumerate(sets):
            pair = data if isinstance(data, tuple) else (data, None)
            name = "validation" if len(sets) == 1 else f"validation_{number}"
            _log_data(training, core, pair[0], pair[1], "eval", name)

    training = begin(_CatBoost, model, prepare)
    if training is None:
        return None
    if str(model.get_params().get("task_type", "CPU")).upper() == "GPU":
        return training, (args, kwargs)  # CatBoost takes no callbacks there
    added = guard.guarded("adding a callback", training.attach, (model,), dict(given))
    return training, added or (args, kwargs)


def _log_data(training: Boosting, core: ModuleType, data: Any, targets: Any, context: str, name: str) -> None:
    total = None
    if isinstance(data, core.Pool):
        total = int(data.num_row())
        part = data.slice(list(range(min(total, HASHED_ROWS))))
        # A pool with categories does not give its values back.
        features = guard.attempt(lambda: _values(part))
        if features is None:
            return
        data, targets = features, guard.attempt(lambda: np.asarray(part.get_label()))
    elif not hasattr(data, "shape") and not isinstance(data, list):
        return  # a file
    guard.guarded("logging a dataset", training.log_data, data, targets, context, name, total)


def _values(pool: Any) -> Any:
    values = np.asarray(pool.get_features(), dtype=float)  # the pool has them in single precision
    names = pool.get_feature_names()
    if names == [str(number) for number in range(values.shape[1])]:
        return values
    import pandas

    return pandas.DataFrame(values, columns=names)


def _log_round(training: Boosting, info: Any) -> None:
    values = {f"{name}-{key}": history[-1] for name, found in info.metrics.items() for key, history in found.items()}
    if values:
        training.iteration(info.iteration - 1, values)
