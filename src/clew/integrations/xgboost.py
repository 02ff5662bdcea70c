"""Autologging for XGBoost: ``xgboost.train`` and the estimators of its scikit-learn interface."""

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
from clew.integrations.dataset import HASHED_ROWS
from clew.integrations.patch import Call, Patch

_TRAIN: Final = ("params", "dtrain", "num_boost_round")
"""The arguments of ``train`` that go by position."""
# Arguments of ``train`` that are data, code or the place of a result, but no setting.
_NO_PARAMS: Final = {"params", "dtrain", "evals", "evals_result", "obj", "xgb_model", "callbacks"}
_NUMPY: Final = {"int": "int64", "float": "float64", "q": "float64", "i": "bool"}
"""XGBoost's types of features, as the data frames that they stem from have them."""


def patch_module(patch: Patch, module: ModuleType) -> None:
    """Wrap what one module of XGBoost holds."""
    if module.__name__ not in ("xgboost", "xgboost.training", "xgboost.sklearn"):
        return
    patch_train(patch, module, "train", _begin_train)
    if module.__name__ == "xgboost.sklearn":
        for kind in list(vars(module).values()):
            if isinstance(kind, type) and issubclass(kind, module.XGBModel):
                patch.train(kind, "fit", _begin_fit)


class _XGBoost(Boosting):
    flavor: ClassVar[str] = "xgboost"

    def attach(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """The arguments of ``train`` with our callback; it comes first, since one that stops ends the round."""
        if self.estimator is not None:
            given = _arguments(args, kwargs)
            self.log_params({"num_boost_round": given.get("num_boost_round"), **_stopping_params(given)})
        return args, kwargs | {"callbacks": [_callback(self), *(kwargs.get("callbacks") or ())]}

    def stopping(self, model: Any, last: int) -> Mapping[str, float]:
        """Metrics of early stopping, where there was one."""
        booster = _booster(model)
        best = booster.attr("best_iteration")
        if best is None:
            return {}
        found = {"best_iteration": float(best), "stopped_iteration": float(last)}
        score = booster.attr("best_score")
        return found if score is None else found | {"best_score": float(score)}

    def importances(self, model: Any) -> Mapping[str, Mapping[str, float]]:
        """The kinds that were asked for; linear boosters have only the weight."""
        booster = _booster(model)
        found = {}
        for kind in self.options.importance_types or ("weight",):
            scores = guard.attempt(functools.partial(booster.get_score, importance_type=kind))
            if scores is not None:
                plain = {name: value for name, value in scores.items() if not isinstance(value, list)}
                several = {f"{n}[{i}]": v for n, vs in scores.items() if isinstance(vs, list) for i, v in enumerate(vs)}
                found[kind] = plain | several
        return found

    def answer(self, model: Any, rows: Any) -> Any:
        """The prediction for some rows."""
        return model.predict(rows if self.estimator is not None else sys.modules["xgboost"].DMatrix(rows))

    def own_options(self) -> Mapping[str, Any]:
        """The file format of the logged model."""
        return {"model_format": self.options.model_format}


def _begin_train(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Boosting | None:
    given = _arguments(args, kwargs)

    def prepare(training: Boosting) -> None:
        settings = {name: value for name, value in given.items() if name not in _NO_PARAMS}
        training.log_params({**dict(given["params"]), **settings, **_stopping_params(given)})
        _log_matrix(training, given["dtrain"], "train", "dataset")
        for matrix, name in given.get("evals") or ():
            _log_matrix(training, matrix, "eval", str(name))

    return begin(_XGBoost, None, prepare)


def _begin_fit(estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Boosting | None:
    given = {**dict(zip(("X", "y"), args, strict=False)), **kwargs}

    def prepare(training: Boosting) -> None:
        training.belong()
        training.log_params(estimator.get_params())
        guard.guarded("logging the dataset", training.log_data, given.get("X"), given.get("y"), "train")
        for number, pair in enumerate(given.get("eval_set") or ()):
            guard.guarded("logging a dataset", training.log_data, pair[0], pair[1], "eval", f"validation_{number}")

    return begin(_XGBoost, estimator, prepare)


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call of ``train`` by name, with the defaults of those that are settings."""
    shape = inspect.signature(sys.modules["xgboost.training"].train)
    defaults = {p.name: p.default for p in shape.parameters.values() if p.default is not p.empty}
    return {**defaults, **dict(zip(_TRAIN, args, strict=False)), **kwargs}


def _stopping_params(given: Mapping[str, Any]) -> dict[str, Any]:
    """Early stopping that came as a callback, by the names of its arguments."""
    kind = sys.modules["xgboost.callback"].EarlyStopping
    found = next((callback for callback in given.get("callbacks") or () if isinstance(callback, kind)), None)
    if found is None:
        return {"early_stopping_rounds": given.get("early_stopping_rounds")}
    names = {"metric_name": "metric_name", "data": "data_name", "save_best": "save_best", "_min_delta": "min_delta"}
    more = {f"early_stopping_{name}": getattr(found, key, None) for key, name in names.items()}
    return {"early_stopping_rounds": found.rounds} | {name: value for name, value in more.items() if value is not None}


def _log_matrix(training: Boosting, matrix: Any, context: str, name: str) -> None:
    """A ``DMatrix`` as a dataset: its first rows as they were before XGBoost had them, as far as it tells."""
    count = min(int(matrix.num_row()), HASHED_ROWS)
    features = guard.attempt(lambda: _first_rows(matrix, count))
    targets = guard.attempt(lambda: np.asarray(matrix.get_label())[:count])
    if features is None:  # a matrix of quantiles does not give its values back
        features, targets = np.empty((0, int(matrix.num_col())), dtype="float32"), None
    total = int(matrix.num_row())
    guard.guarded("logging a dataset", training.log_data, features, targets, context, name, total)


def _first_rows(matrix: Any, count: int) -> Any:
    part = matrix if count == matrix.num_row() else matrix.slice(list(range(count)))
    sparse = part.get_data()
    if sparse.nnz == sparse.shape[0] * sparse.shape[1] and sparse.has_sorted_indices:
        values = sparse.data.reshape(sparse.shape).astype(np.float64)
    else:
        there = sparse.tocoo()
        values = np.full(there.shape, np.nan)
        values[there.row, there.col] = there.data
    names, kinds = matrix.feature_names, matrix.feature_types
    if names is None:
        return values
    import pandas

    frame = pandas.DataFrame(values, columns=names)
    for column, kind in zip(names, kinds or (), strict=False):
        kept = _NUMPY.get(kind)
        if kept in ("int64", "bool") and not frame[column].isna().any():
            frame[column] = frame[column].astype(kept)
    return frame


def _booster(model: Any) -> Any:
    return model.get_booster() if hasattr(model, "get_booster") else model


def _callback(training: Boosting) -> Any:
    """XGBoost's own kind of callback, which tells the metrics of every round."""

    class Record(sys.modules["xgboost.callback"].TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            del model
            guard.guarded("logging metrics of a round", _log_round, training, epoch, evals_log)
            return False

    return Record()


def _log_round(training: Boosting, epoch: int, evals_log: Mapping[str, Mapping[str, Any]]) -> None:
    values = {}
    for name, metrics in evals_log.items():
        for metric, history in metrics.items():
            last = history[-1]
            values[f"{name}-{metric}"] = last[0] if isinstance(last, tuple) else last
    if values:
        training.iteration(epoch, values)
