"""Which functions of Spark ML are wrapped, and with what."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any

from clew.integrations import guard, options
from clew.integrations.frames import name_of
from clew.integrations.memory import Memory, Prediction
from clew.integrations.patch import Patch, Training
from clew.integrations.pysparkml import FLAVOR
from clew.integrations.pysparkml.describe import evaluator_info
from clew.integrations.pysparkml.fit import Fit, Trained

_log = logging.getLogger("clew.autolog")
_SILENT_MODULE = "pyspark.ml.feature"  # preparation of data, not training: not worth a run of its own
_THREADED = ("pyspark.ml.classification", "pyspark.ml.tuning")
_THREAD_TARGET = "inheritable_thread_target"

_memory = Memory()


def patch_module(patch: Patch, module: ModuleType) -> None:
    """Wrap what one module of Spark ML holds."""
    name = module.__name__
    if name == "pyspark.ml.base":
        patch.on_undo(_memory.forget)
        patch.train(module.Estimator, "fit", _begin)
        patch.replace(module.Transformer, "transform", functools.partial(_transform, patch))
    elif name == "pyspark.ml.evaluation":
        patch.replace(module.Evaluator, "evaluate", functools.partial(_evaluate, patch))
    elif name in _THREADED:
        patch.replace(module, _THREAD_TARGET, _quiet_threads)


def _begin(estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Training | None:
    chosen = options.wanted(FLAVOR, "pyspark")
    if chosen is None or type(estimator).__module__.startswith(_SILENT_MODULE):
        return None
    given = {**dict(zip(("dataset", "params"), args, strict=False)), **kwargs}
    params = given.get("params")
    if isinstance(params, list | tuple):
        _log.info("fit with a list of params makes several models and is not logged; call fit for each.")
        return None
    described = estimator.copy(params) if params else estimator
    memory = _memory if chosen.log_post_training_metrics else None
    return Fit.begin(chosen, described, given.get("dataset"), memory)


def _transform(patch: Patch, original: Any) -> Any:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        trained = None if guard.inside() or not patch.live else _memory.find_model(self)
        if trained is None:
            return original(self, *args, **kwargs)
        with guard.silent():
            answer = original(self, *args, **kwargs)
        with patch.quiet():
            guard.guarded("remembering a prediction", _remember, trained, answer, args, kwargs)
        return answer

    return wrapper


def _remember(trained: Any, answer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    frame = args[0] if args else kwargs.get("dataset")
    _memory.keep_prediction(answer, Prediction(trained, name_of(frame), frame))


def _evaluate(patch: Patch, original: Any) -> Any:
    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if guard.inside() or not patch.live:
            return original(self, *args, **kwargs)
        with guard.silent():
            value = original(self, *args, **kwargs)
        with patch.quiet():
            guard.guarded("logging a metric", _log_metric, self, value, args, kwargs)
        return value

    return wrapper


def _log_metric(evaluator: Any, value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    given = {**dict(zip(("dataset", "params"), args, strict=False)), **kwargs}
    prediction = _memory.find_prediction((given.get("dataset"),))
    if prediction is None or isinstance(value, bool) or not isinstance(value, int | float):
        return
    asked = evaluator.copy(given["params"]) if given.get("params") else evaluator
    trained, frame = prediction.model, prediction.data()
    key = trained.key(asked.getMetricName(), prediction.variable)
    seen = frame is None or trained.trained_on() is frame
    with guard.silent():
        trained.log(key, float(value), None if seen else frame, None)
        if isinstance(trained, Trained):
            trained.note(key, evaluator_info(asked))


def _quiet_threads(original: Any) -> Any:
    """Spark ML trains the parts of a search in threads of its own, where what is inside a training must stay silent."""

    @functools.wraps(original)
    def wrapper(target: Any = None) -> Any:
        if not guard.inside():
            return original(target)
        if hasattr(target, "getTags"):  # a session, for whose threads functions are decorated
            decorate = original(target)
            return lambda function: decorate(_quiet(function))
        return original(_quiet(target))

    return wrapper


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with guard.silent():
            return function(*args, **kwargs)

    return run
