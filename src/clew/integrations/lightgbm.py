"""Autologging for LightGBM: ``lightgbm.train`` and the estimators of its scikit-learn interface."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar, Final

import numpy as np

from clew.integrations import guard
from clew.integrations.boosting import Boosting, begin, patch_train
from clew.integrations.dataset import HASHED_ROWS, rows_of, take
from clew.integrations.patch import Call, Patch

# Arguments of ``train`` that are data or code, but no setting.
_NO_PARAMS: Final = {"params", "train_set", "valid_sets", "valid_names", "feval", "init_model", "callbacks"}
_IMPORTANCES: Final = ("split", "gain")
_BEFORE_EARLY_STOPPING: Final = 5
"""Callbacks run by their order; those that stop come at 30."""


def patch_module(patch: Patch, module: ModuleType) -> None:
    """Wrap what one module of LightGBM holds."""
    if module.__name__ not in ("lightgbm", "lightgbm.engine", "lightgbm.sklearn"):
        return
    patch_train(patch, module, "train", _begin_train)
    if module.__name__ == "lightgbm.sklearn":
        for kind in list(vars(module).values()):
            if isinstance(kind, type) and issubclass(kind, module.LGBMModel):
                patch.train(kind, "fit", _begin_fit)


class _LightGBM(Boosting):
    flavor: ClassVar[str] = "lightgbm"

    def attach(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """The arguments of ``train`` with our callback."""
        given = _arguments(args, kwargs)
        if self.estimator is not None:
            self.log_params({"num_boost_round": given["num_boost_round"], **_stopping_params(given)})
        names = tuple(inspect.signature(sys.modules["lightgbm.engine"].train).parameters)
        place = names.index("callbacks")
        mine = [*(given.get("callbacks") or ()), _callback(self)]
        if len(args) > place:
            return (*args[:place], mine, *args[place + 1 :]), kwargs
        return args, kwargs | {"callbacks": mine}

    def stopping(self, model: Any, last: int) -> Mapping[str, float]:
        """Metrics of early stopping, where there was one."""
        booster = _booster(model)
        if booster.best_iteration <= 0:
            return {}
        found = {"best_iteration": float(booster.best_iteration), "stopped_iteration": float(last + 1)}
        scores = {
            f"{name}-{metric}": v for name, metrics in booster.best_score.items() for metric, v in metrics.items()
        }
        if len(scores) == 1:
            return found | {"best_score": float(next(iter(scores.values())))}
        return found | {f"best_score_{name}": float(value) for name, value in scores.items()}

    def importances(self, model: Any) -> Mapping[str, Mapping[str, float]]:
        """By number of splits and by gain."""
        booster = _booster(model)
        names = booster.feature_name()
        return {kind: dict(zip(names, booster.feature_importance(kind), strict=True)) for kind in _IMPORTANCES}


def _begin_train(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Boosting | None:
    given = _arguments(args, kwargs)

    def prepare(training: Boosting) -> None:
        settings = {name: value for name, value in given.items() if name not in _NO_PARAMS}
        training.log_params({**(given["params"] or {}), **settings, **_stopping_params(given)})
        _log_set(training, given["train_set"], "train", "dataset")
        sets = given.get("valid_sets") or ()
        sets = sets if isinstance(sets, list | tuple) else [sets]
        names = given.get("valid_names") or ()
        names = [names] if isinstance(names, str) else list(names)
        for number, data in enumerate(sets):
            unnamed = "training" if data is given["train_set"] else f"valid_{number}"
            _log_set(training, data, "eval", names[number] if number < len(names) else unnamed)

    return begin(_LightGBM, None, prepare)


def _begin_fit(estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Boosting | None:
    given = {**dict(zip(("X", "y"), args, strict=False)), **kwargs}

    def prepare(training: Boosting) -> None:
        training.belong()
        training.log_params(estimator.get_params())
        guard.guarded("logging the dataset", training.log_data, given.get("X"), given.get("y"), "train")
        for number, (features, targets) in enumerate(_eval_pairs(given)):
            names = given.get("eval_names") or ()
            name = names[number] if number < len(names) else f"valid_{number}"
            guard.guarded("logging a dataset", training.log_data, features, targets, "eval", name)

    return begin(_LightGBM, estimator, prepare)


def _eval_pairs(given: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """What ``fit`` evaluates on: pairs in ``eval_set``, or ``eval_X`` and ``eval_y``, each one or several."""
    pairs = given.get("eval_set")
    if pairs is not None:
        return [pairs] if isinstance(pairs, tuple) else list(pairs)
    features, targets = given.get("eval_X"), given.get("eval_y")
    if features is None:
        return []
    if not isinstance(features, tuple) or targets is None:
        return [(features, targets)]
    return list(zip(features, targets, strict=False))


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call of ``train`` by name, with the defaults."""
    bound = inspect.signature(sys.modules["lightgbm.engine"].train).bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def _stopping_params(given: Mapping[str, Any]) -> dict[str, Any]:
    """Early stopping that came as a callback, by the names of its arguments."""
    kind = getattr(sys.modules["lightgbm.callback"], "_EarlyStoppingCallback", ())
    found = next((callback for callback in given.get("callbacks") or () if isinstance(callback, kind)), None)
    if found is None:
        return {}
    more = {
        "early_stopping_first_metric_only": found.first_metric_only,
        "early_stopping_min_delta": getattr(found, "min_delta", None),
    }
    return {"early_stopping_rounds": found.stopping_rounds} | more


def _log_set(training: Boosting, data: Any, context: str, name: str) -> None:
    """A ``Dataset`` as a dataset input; LightGBM frees the raw data when it has read them, so before the training."""
    raw = data.data
    if raw is None or isinstance(raw, str) or not hasattr(raw, "shape"):
        return  # a file, or freed already
    total = rows_of(raw)
    first = slice(min(total, HASHED_ROWS))
    targets = guard.attempt(lambda: np.asarray(take(data.get_label(), first)))
    guard.guarded("logging a dataset", training.log_data, take(raw, first), targets, context, name, total)


def _booster(model: Any) -> Any:
    return model.booster_ if hasattr(model, "booster_") else model


def _callback(training: Boosting) -> Any:
    """A callback in LightGBM's form, which tells the metrics of every round."""
    record = functools.partial(_record, training)
    record.order = _BEFORE_EARLY_STOPPING  # type: ignore[attr-defined]
    return record


def _record(training: Boosting, env: Any) -> None:
    guard.guarded("logging metrics of a round", _log_round, training, env)


def _log_round(training: Boosting, env: Any) -> None:
    # Of each result the first three are always the dataset, the metric and the value.
    values = {f"{entry[0]}-{entry[1]}": entry[2] for entry in env.evaluation_result_list or ()}
    if values:
        training.iteration(env.iteration, values)
