"""What one ``fit`` of Keras leaves in its run: one official callback sees the epochs, the rest is read beside it."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from clew.client.models import ModelEntry, log_model
from clew.integrations import guard, options
from clew.integrations.dataset import describe, source_tags
from clew.integrations.options import Options
from clew.integrations.randomness import undisturbed
from clew.integrations.recorder import Recorder, open_run
from clew.packaging import inference
from clew.packaging.save import ModelOptions
from clew.packaging.schema import Schema, TensorSpec
from clew.packaging.signature import ModelSignature

_UNLOGGED = ("self", "x", "y", "callbacks", "validation_data", "verbose")
_STOPPING = ("monitor", "min_delta", "patience", "baseline", "restore_best_weights")
_CALLBACKS = 5
"""Place of ``callbacks`` among the arguments of ``fit`` behind the model."""


class Settings(msgspec.Struct, frozen=True):
    """What only autologging of Keras is told; MLflow's names and defaults.

    log_every_n_epoch: of so many epochs the last is written.
    """

    log_every_epoch: bool = True
    log_every_n_epoch: int = 1
    log_every_n_steps: int | None = None
    save_model_kwargs: Mapping[str, Any] | None = None


def begin(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> FitRun | None:
    """Open the run of a training and put the callback among the user's; None where nothing is to be logged."""
    chosen = options.wanted("keras")
    if chosen is None:
        return None
    try:
        given = inspect.signature(type(model).fit).bind(model, *args, **kwargs)
    except TypeError:
        return None  # Keras says what is wrong with the arguments
    given.apply_defaults()
    recorder = open_run("keras", chosen)
    if recorder is None:
        return None
    try:
        run = FitRun(recorder, model, given.arguments)
    except BaseException:
        recorder.end(None)
        raise
    guard.guarded("joining the callbacks", run.join, args, kwargs)
    return run


class FitRun:
    """One call of ``fit`` and its run."""

    def __init__(self, recorder: Recorder, model: Any, given: Mapping[str, Any]) -> None:
        self._recorder = recorder
        self._options: Options = recorder.options
        self._settings = Settings(**self._options.own)
        self._model = model
        self._given = dict(given)
        self._error: BaseException | None = None
        self._callback = _callback_class(self._settings.log_every_n_steps is not None)()
        self._callback.clew_run = self
        self._params: dict[str, Any] = {}
        self._leave: Callable[[], object] | None = None
        self._steps = 0
        self._epochs = 0

    def join(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Stand behind the user's callbacks; a list that came by keyword is copied, others are left as they were."""
        users = self._given.get("callbacks")
        if len(args) <= _CALLBACKS:
            if users is not None and not isinstance(users, list | tuple) and hasattr(users, "append"):
                users.append(self._callback)  # Keras' own list of callbacks
                self._leave = functools.partial(users.callbacks.remove, self._callback)
            else:
                own = [] if users is None else list(users) if isinstance(users, list | tuple) else [users]
                kwargs["callbacks"] = [*own, self._callback]
        elif isinstance(users, list):
            users.append(self._callback)
            self._leave = functools.partial(users.remove, self._callback)

    def done(self, result: Any) -> None:
        """The training is over: what stopped it, and the model."""
        del result
        guard.guarded("logging early stopping", self._log_stopping)
        if self._options.log_models:
            guard.guarded("logging the model", self._log_model)

    def failed(self, error: BaseException) -> None:
        """The user's call raised."""
        self._error = error

    def close(self) -> None:
        """Take the callback away, and end the run if it is ours."""
        self._callback.clew_run = None
        if self._leave is not None:
            guard.guarded("taking the callback away", self._leave)
        self._model, self._leave = None, None
        self._given.clear()
        error, self._error = self._error, None
        self._recorder.end(error)

    # -- called by the callback ----------------------------------------------------------------

    def on_train_begin(self, logs: Any = None) -> None:
        """Write what is known before the first batch."""
        del logs
        guard.guarded("logging parameters", self._log_params)
        guard.guarded("logging the model's summary", self._log_summary)
        if self._options.log_datasets:
            guard.guarded("logging the dataset", self._log_datasets)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write an epoch's metrics."""
        self._epochs = epoch + 1
        if not self._settings.log_every_epoch or self._epochs % max(1, self._settings.log_every_n_epoch):
            return
        found = _numbers(logs)
        rate = getattr(self._model.optimizer, "_learning_rate", None)
        if "learning_rate" not in found and callable(rate):
            found["learning_rate"] = float(self._model.optimizer.learning_rate)  # a schedule moves it
        self._recorder.metrics(found, epoch)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Write a step's metrics, if it is one of those."""
        del batch
        self._steps += 1
        if self._steps % (self._settings.log_every_n_steps or 1) == 0:
            self._recorder.metrics(_numbers(logs), self._steps)

    # -- parts ---------------------------------------------------------------------------------

    def _log_params(self) -> None:
        params = {key: value for key, value in self._given.items() if key not in _UNLOGGED and key != "sample_weight"}
        params["sample_weight"] = None if self._given.get("sample_weight") is None else "given"
        if params.get("batch_size") is None:
            params["batch_size"] = getattr(self._given.get("x"), "batch_size", None)
        optimizer = self._model.optimizer
        config = optimizer.get_config() if optimizer is not None else {}
        params |= {f"optimizer_{key}": value for key, value in config.items()}
        for stopping in self._stoppings():
            params |= {key: getattr(stopping, key) for key in _STOPPING if hasattr(stopping, key)}
        self._params = params
        self._recorder.params(params)

    def _log_summary(self) -> None:
        lines: list[str] = []
        self._model.summary(print_fn=lambda line, **_: lines.append(str(line)))
        self._recorder.text("\n".join(lines), "model_summary.txt")

    def _log_datasets(self) -> None:
        validation = self._given.get("validation_data")
        pairs = [("train", self._given.get("x"), self._given.get("y"))]
        if isinstance(validation, list | tuple) and len(validation) >= 2:
            pairs.append(("eval", validation[0], validation[1]))
        for context, features, targets in pairs:
            if _is_data(features):
                known = targets if _is_data(targets) else None
                self._recorder.dataset(describe(features, known, source_tags()), context)

    def _log_stopping(self) -> None:
        for stopping in self._stoppings():
            metrics: dict[str, float] = {}
            stopped = int(getattr(stopping, "stopped_epoch", 0) or 0)
            if stopped:
                metrics["stopped_epoch"] = float(stopped)
                if getattr(stopping, "restore_best_weights", False):
                    metrics["restored_epoch"] = float(stopping.best_epoch)
            if getattr(stopping, "best", None) is not None:
                metrics["best_score"] = float(stopping.best)
            self._recorder.metrics(metrics, max(0, self._epochs - 1))

    def _stoppings(self) -> list[Any]:
        users = self._given.get("callbacks")
        found = getattr(users, "callbacks", users) or ()
        found = found if isinstance(found, list | tuple) else [found]
        return [one for one in found if any(kind.__name__ == "EarlyStopping" for kind in type(one).__mro__)]

    def _log_model(self) -> None:
        features: Any = self._given.get("x")
        wanted = self._options.log_input_examples and isinstance(features, np.ndarray)
        signature = guard.attempt(lambda: _signature(self._model)) if self._options.log_model_signatures else None
        chosen = ModelOptions(
            signature=signature or False,
            input_example=features[:5] if wanted else None,
            flavor_options={"save_model_kwargs": self._settings.save_model_kwargs},
        )
        entry = ModelEntry(name="model", params=self._params, registered_model_name=self._options.registered_model_name)
        with undisturbed():
            self._recorder.model_id = log_model(self._model, entry, flavor="keras", options=chosen, hurry=True).model_id


def _signature(model: Any) -> ModelSignature:
    """The shapes that the model itself says; nothing is computed."""
    return ModelSignature(_schema(model.inputs), _schema(model.outputs))


def _schema(tensors: Any) -> Schema:
    several = len(tensors) > 1
    return Schema(
        tuple(
            TensorSpec(
                dtype=str(one.dtype),
                shape=tuple(-1 if size is None else int(size) for size in one.shape),
                name=str(one.name) if several else None,
            )
            for one in tensors
        )
    )


def _is_data(data: Any) -> bool:
    return inference.is_frame(data) or isinstance(data, np.ndarray)


def _numbers(logs: Mapping[str, Any] | None) -> dict[str, float]:
    return {str(key): float(value) for key, value in (logs or {}).items()}


@functools.cache
def _callback_class(steps: bool) -> Any:
    """Keras' callback whose hooks are the run's, each behind the fence.

    steps: whether it is called after every batch.
    """
    base = sys.modules["keras"].callbacks.Callback

    def forward(name: str) -> Callable[..., None]:
        def hook(self: Any, *args: Any, **kwargs: Any) -> None:
            if self.clew_run is not None:
                guard.guarded(f"Keras' {name}", getattr(self.clew_run, name), *args, **kwargs)

        hook.__name__ = name
        return hook

    names = ("on_train_begin", "on_epoch_end", *(("on_train_batch_end",) if steps else ()))
    body: dict[str, Any] = {name: forward(name) for name in names}
    # In another process, and as a copy, it is a callback that does nothing.
    body |= {"clew_run": None, "__reduce__": lambda _: (base, ())}
    return type("AutologCallback", (base,), body)
