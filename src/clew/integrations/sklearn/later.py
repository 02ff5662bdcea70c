"""Metrics that the user computes after training: ``mean_squared_error(y, model.predict(X))`` and ``model.score(X, y)``.

Predictions of trained models are remembered, weakly, by identity; a metric function that gets one belongs to the
model's run. The names are MLflow's: ``mean_squared_error_X`` for the data in the variable ``X``, and
``mean_squared_error-2_X`` for the second call.
"""

from __future__ import annotations

import functools
import inspect
from types import ModuleType
from typing import Any, Final

import numpy as np

from clew.integrations import guard
from clew.integrations.frames import UNKNOWN, called_by_user, name_of
from clew.integrations.memory import Memory, Prediction, TrainedModel
from clew.integrations.patch import Patch

_LONGEST_WORD: Final = 32
PREDICTIONS = ("predict", "predict_proba", "predict_log_proba", "decision_function")
# Modules between a metric function's caller and its inside.
_LAYERS = ("clew.integrations", "functools", "sklearn.utils._param_validation")


def patch_predictions(patch: Patch, kind: type, memory: Memory) -> None:
    """Wrap the predictions and ``score`` of a trained model's class, where they are defined."""
    for name in (*PREDICTIONS, "score"):
        owner = next((c for c in kind.__mro__ if name in vars(c) and c.__module__.partition(".")[0] == "sklearn"), None)
        if owner is not None:
            make = _scorer if name == "score" else _predictor
            patch.replace(owner, name, functools.partial(make, patch, memory))


def patch_metrics(patch: Patch, module: ModuleType, memory: Memory) -> None:
    """Wrap the functions of ``sklearn.metrics``, for references that the user took earlier too.

    scikit-learn's metric functions hold their inside in a closure; exchanging it there reaches every reference.
    """
    for name in getattr(module, "__all__", ()):
        function: Any = getattr(module, name, None)
        code = getattr(function, "__code__", None)
        if isinstance(function, type) or code is None:
            continue
        if hasattr(function, "__wrapped__") and "func" in code.co_freevars:
            cell = function.__closure__[code.co_freevars.index("func")]
            original = cell.cell_contents
            cell.cell_contents = _metric(patch, memory, original)
            patch.on_undo(functools.partial(setattr, cell, "cell_contents", original))
        elif function.__module__.startswith("sklearn.metrics"):
            patch.replace(module, name, functools.partial(_metric, patch, memory))


def _predictor(patch: Patch, memory: Memory, original: Any) -> Any:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        trained = None if guard.inside() or not patch.live else memory.find_model(self)
        if trained is None:
            return original(self, *args, **kwargs)
        with guard.silent():
            values = original(self, *args, **kwargs)
        with patch.quiet():
            guard.guarded("remembering a prediction", _remember, memory, trained, values, args, kwargs)
        return values

    return wrapper


def _remember(memory: Memory, trained: TrainedModel, values: Any, args: Any, kwargs: Any) -> None:
    data = args[0] if args else kwargs.get("X")
    memory.keep_prediction(values, Prediction(trained, name_of(data), data))


def _scorer(patch: Patch, memory: Memory, original: Any) -> Any:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        trained = None if guard.inside() or not patch.live else memory.find_model(self)
        if trained is None:
            return original(self, *args, **kwargs)
        with guard.silent(), patch.quiet():
            value = original(self, *args, **kwargs)
            guard.guarded("logging a score", _log_score, trained, value, args, kwargs)
        return value

    return wrapper


def _log_score(trained: TrainedModel, value: Any, args: Any, kwargs: Any) -> None:
    data = args[0] if args else kwargs.get("X")
    targets = args[1] if len(args) > 1 else kwargs.get("y")
    if _is_number(value):
        call = _call(f"{trained.label}.score", ("X", "y"), args, kwargs)
        _log(trained, f"{trained.label}_score", name_of(data), value, (data, targets), call)


def _metric(patch: Patch, memory: Memory, original: Any) -> Any:
    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        value = original(*args, **kwargs)
        if patch.live and not guard.inside() and _is_number(value):
            with patch.quiet():
                guard.guarded("logging a metric", _log_metric, memory, original, value, args, kwargs)
        return value

    return wrapper


def _log_metric(memory: Memory, function: Any, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    arguments = (*args, *kwargs.values())
    prediction = memory.find_prediction(arguments)
    if prediction is None or not called_by_user(_LAYERS):
        return
    data = prediction.data()
    targets = next((a for a in arguments if memory.find_prediction((a,)) is None and hasattr(a, "shape")), None)
    with guard.silent():
        name = function.__name__
        call = _call(name, tuple(inspect.signature(function).parameters), args, kwargs)
        _log(prediction.model, name, prediction.variable, value, (data, targets), call)


def _log(trained: TrainedModel, metric: str, variable: str, value: Any, data: tuple[Any, Any], call: str) -> None:
    seen = data[0] is None or trained.trained_on() is data[0]
    features, targets = (None, None) if seen else data
    key = trained.key(metric, variable)
    trained.log(key, float(value), features, targets)
    trained.describe(key, call)


def _call(function: str, names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """A call in words: ``r2_score(y_true=y_test, y_pred=predicted)``."""
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    return f"{function}({', '.join(f'{name}={_word(value)}' for name, value in given.items())})"


def _word(value: Any) -> str:
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value) if len(str(value)) <= _LONGEST_WORD else repr(str(value)[:_LONGEST_WORD] + "…")
    name = name_of(value)
    return f"<{type(value).__name__}>" if name == UNKNOWN else name


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int | np.floating | np.integer) and not isinstance(value, bool)
