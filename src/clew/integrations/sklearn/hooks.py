"""Which functions of scikit-learn are wrapped, and with what."""

from __future__ import annotations

import functools
import inspect
from types import ModuleType

from clew.integrations import guard, options
from clew.integrations.memory import Memory
from clew.integrations.options import Options
from clew.integrations.patch import Patch, Training
from clew.integrations.sklearn.batches import Batch
from clew.integrations.sklearn.fit import Fit
from clew.integrations.sklearn.later import patch_metrics, patch_predictions
from clew.integrations.sklearn.parallel import patch_parallel

_TRAINING_METHODS = ("fit", "fit_transform", "fit_predict")
# Preparation of data, not training: not worth a run of its own.
_SILENT_MODULES = (
    "sklearn.compose._column_transformer",
    "sklearn.feature_extraction",
    "sklearn.feature_selection",
    "sklearn.frozen",
    "sklearn.impute",
    "sklearn.preprocessing",
)
# Their trainings are the means to a number. The inner functions are reached by references taken before patching.
_SILENT_FUNCTIONS = (
    "_fit_and_predict",
    "_fit_and_score",
    "_incremental_fit_estimator",
    "_permutation_test_score",
    "cross_val_predict",
    "cross_val_score",
    "cross_validate",
    "learning_curve",
    "permutation_test_score",
    "validation_curve",
)

_memory = Memory()


def patch_module(patch: Patch, module: ModuleType) -> None:
    """Wrap what one module of scikit-learn holds."""
    name = module.__name__
    if name == "sklearn.metrics":
        patch.on_undo(_memory.forget)
        patch_metrics(patch, module, _memory)
    elif name == "sklearn.utils.parallel":
        patch_parallel(patch, module.Parallel)
    elif name == "sklearn.model_selection._validation" or name == "sklearn.model_selection":
        for function in _SILENT_FUNCTIONS:
            patch.mute(module, function)
    for kind in list(vars(module).values()):
        if isinstance(kind, type) and kind.__module__ == name and _trains(kind):
            for method in _TRAINING_METHODS:
                patch.train(kind, method, functools.partial(_begin, patch))
            patch.train(kind, "partial_fit", functools.partial(_begin_batch, patch))


def _trains(kind: type) -> bool:
    names = {c.__name__ for c in kind.__mro__ if c.__module__ == "sklearn.base"}
    return "BaseEstimator" in names and not kind.__module__.startswith(_SILENT_MODULES)


def _begin(patch: Patch, estimator: object, args: tuple[object, ...], kwargs: dict[str, object]) -> Training | None:
    chosen = _chosen(estimator)
    if chosen is None:
        return None
    fit = Fit.begin(chosen, estimator, *_data(estimator, "fit", args, kwargs))
    if fit is not None and chosen.log_post_training_metrics:
        fit.remember(_memory)
        patch_predictions(patch, type(estimator), _memory)
    return fit


def _begin_batch(
    patch: Patch, estimator: object, args: tuple[object, ...], kwargs: dict[str, object]
) -> Training | None:
    chosen = _chosen(estimator)
    if chosen is None:
        return None
    batch = Batch.begin(_memory, chosen, estimator, *_data(estimator, "partial_fit", args, kwargs))
    if batch is not None and chosen.log_post_training_metrics:
        patch_predictions(patch, type(estimator), _memory)
    return batch


def _chosen(estimator: object) -> Options | None:
    chosen = options.wanted("sklearn")
    return None if type(estimator).__module__.startswith(_SILENT_MODULES) else chosen


def _data(
    estimator: object, method: str, args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[object, object, object]:
    """Features, targets and weights among the arguments of a training method."""
    names = guard.attempt(lambda: _arguments(type(estimator), method)) or ("X", "y", "sample_weight")
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    return given.get(names[0]), given.get("y", given.get("Y")), given.get("sample_weight")


def _arguments(kind: type, method: str) -> tuple[str, ...]:
    """Names of the arguments of a method; quicker than a signature."""
    code = inspect.unwrap(getattr(kind, method)).__code__
    names: tuple[str, ...] = code.co_varnames[1 : code.co_argcount]
    return names
