"""One training of boosted trees and its run: what XGBoost, LightGBM and CatBoost leave alike.

A training is a call of the framework's ``train``, or an estimator's ``fit``, whose own call of ``train`` then belongs
to it. Metrics come by the framework's official callback, which is added to the user's for this one call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from typing import Any, ClassVar

from clew.integrations import guard, options
from clew.integrations.dataset import describe, rows_of, source_tags, take
from clew.integrations.importances import log_importances
from clew.integrations.onefit import class_tags
from clew.integrations.patch import Call, Patch, Training
from clew.integrations.recorder import Recorder, open_run
from clew.integrations.trained import EXAMPLE_ROWS, SIGNATURE_ROWS, log_trained
from clew.packaging.signature import ModelSignature, infer_signature

_fitting: ContextVar[Boosting | None] = ContextVar("clew_autolog_fitting", default=None)


class Boosting:
    """A training call and its run; subclasses say what is the framework's own.

    estimator: whose ``fit`` it is; None for a call of ``train``.
    rounds: how many told their metrics so far.
    """

    flavor: ClassVar[str]

    def __init__(self, recorder: Recorder, estimator: Any = None) -> None:
        self.options = recorder.options
        self.estimator = estimator
        self.rounds = 0
        self._recorder = recorder
        self._params: dict[str, Any] = {}
        self._held: tuple[int, dict[str, float]] | None = None
        self._rows: Any = None
        self._error: BaseException | None = None
        self._token: Token[Boosting | None] | None = None

    def stopping(self, model: Any, last: int) -> Mapping[str, float]:
        """Metrics of early stopping: ``best_iteration``, ``best_score``, ``stopped_iteration``.

        last: the last round of which there are metrics.
        """
        raise NotImplementedError

    def importances(self, model: Any) -> Mapping[str, Mapping[str, float]]:
        """Kind of importance -> feature -> value."""
        raise NotImplementedError

    def attach(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """The arguments of ``train`` with our callback among the user's."""
        raise NotImplementedError

    def later_params(self, model: Any) -> Mapping[str, Any]:
        """Params that only the trained model knows."""
        del model
        return {}

    def answer(self, model: Any, rows: Any) -> Any:
        """The model's prediction for some rows, as ``pyfunc`` gives it."""
        return model.predict(rows)

    def own_options(self) -> Mapping[str, Any]:
        """The flavor's options for the logged model."""
        return {}

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params, and keep them for the model."""
        fresh = {str(name): value for name, value in params.items() if str(name) not in self._params}
        self._params |= fresh
        guard.guarded("logging parameters", self._recorder.params, fresh)

    def log_data(
        self, features: Any, targets: Any, context: str, name: str = "dataset", total: int | None = None
    ) -> None:
        """Log a dataset input, and keep the first rows of the training data for the signature.

        total: number of rows where ``features`` are only the first ones.
        """
        if context == "train":
            self._rows = guard.attempt(lambda: take(features, slice(SIGNATURE_ROWS)))
        if self.options.log_datasets and (total or rows_of(features)):
            self._recorder.dataset(describe(features, targets, source_tags(), name, total), context)

    def iteration(self, step: int, values: Mapping[str, float]) -> None:
        """Take in the metrics of a round. Every ``every_n_iter``-th is logged, and the last one, bound to the model."""
        held = self._held
        self._held = (step, {name: float(value) for name, value in values.items()})
        self.rounds += 1
        if held is not None and held[0] % self.options.every_n_iter == 0:
            self._recorder.metrics(held[1], held[0])

    def done(self, result: Any) -> None:
        """Log what the trained model shows; each part on its own, so that one fault costs one part."""
        model = result if self.estimator is None else self.estimator
        guard.guarded("logging parameters", lambda: self.log_params(self.later_params(model)))
        if self.options.log_models:
            guard.guarded("logging the model", self._log_model, model)
        last = -1 if self._held is None else self._held[0]
        guard.guarded("logging metrics", self._log_last)
        guard.guarded("logging early stopping", lambda: self._recorder.metrics(self.stopping(model, last)))
        for kind, values in (guard.guarded("reading importances", self.importances, model) or {}).items():
            guard.guarded("logging importances", log_importances, self._recorder, kind, values)

    def failed(self, error: BaseException) -> None:
        """The user's call raised."""
        self._error = error
        self._log_last()

    def close(self) -> None:
        """End the run if it is ours, and let go of the data."""
        if self._token is not None:
            _fitting.reset(self._token)
        self.estimator = self._rows = self._token = None
        error, self._error = self._error, None
        self._recorder.end(error)

    def belong(self) -> None:
        """Let the framework's ``train`` that is called in this thread until ``close`` belong to this training."""
        self._token = _fitting.set(self)

    def _log_last(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._recorder.metrics(held[1], held[0])

    def _log_model(self, model: Any) -> None:
        self._recorder.model_id = log_trained(
            self.options,
            self.flavor,
            model,
            params=self._params,
            signature=functools.partial(self._signature, model),
            example=None if self._rows is None else take(self._rows, slice(EXAMPLE_ROWS)),
            own=self.own_options(),
        )

    def _signature(self, model: Any) -> ModelSignature | None:
        if self._rows is None:
            return None
        return infer_signature(self._rows, self.answer(model, take(self._rows, slice(EXAMPLE_ROWS))))


def begin(kind: type[Boosting], estimator: Any, prepare: Callable[[Boosting], None]) -> Boosting | None:
    """Open the run of a training; None where nothing is to be logged.

    prepare: logs what is known before the training.
    """
    chosen = options.wanted(kind.flavor)
    recorder = None if chosen is None else open_run(kind.flavor, chosen)
    if recorder is None:
        return None
    training = kind(recorder, estimator)
    if estimator is not None:
        guard.guarded("logging tags", recorder.tags, class_tags(estimator))
    guard.guarded("logging the training's arguments", prepare, training)
    return training


def patch_train(
    patch: Patch, owner: Any, name: str, begin_call: Callable[[tuple[Any, ...], dict[str, Any]], Boosting | None]
) -> None:
    """Wrap the framework's ``train``: a training of its own, or part of the estimator's that calls it."""

    def start(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Training, Call] | None:
        training = begin_call(args, kwargs)
        return None if training is None else (training, _attached(training, args, kwargs))

    def make(original: Any) -> Any:
        alone = patch.call(original, start)

        @functools.wraps(original)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            training = _fitting.get()
            if training is None or not patch.live:
                return alone(*args, **kwargs)
            token = _fitting.set(None)  # what this call itself trains belongs to nobody
            try:
                args, kwargs = _attached(training, args, kwargs)
                return original(*args, **kwargs)
            finally:
                _fitting.reset(token)

        return wrapper

    patch.replace(owner, name, make)


def _attached(training: Boosting, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    return guard.guarded("adding a callback", training.attach, args, kwargs) or (args, kwargs)
