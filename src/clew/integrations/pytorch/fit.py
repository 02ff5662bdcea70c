"""What one training by Lightning leaves in its run."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from clew.client.models import ModelEntry, log_model
from clew.integrations import guard
from clew.integrations.dataset import describe, source_tags
from clew.integrations.options import Options
from clew.integrations.pytorch.checkpoints import Checkpoints
from clew.integrations.pytorch.epochs import EpochMetrics
from clew.integrations.pytorch.tensors import FirstInput, arrays_of, first_input
from clew.integrations.randomness import undisturbed
from clew.integrations.recorder import Recorder, open_run
from clew.packaging.save import ModelOptions
from clew.packaging.signature import infer_signature

_FREE_OPTIONS = ("accumulate_grad_batches", "gradient_clip_val", "max_steps", "precision", "num_devices")
_STOPPING = ("monitor", "mode", "patience", "min_delta")


class Settings(msgspec.Struct, frozen=True):
    """What only autologging of PyTorch is told; MLflow's names and defaults."""

    log_every_n_epoch: int = 1
    log_every_n_step: int | None = None
    checkpoint: bool = True
    checkpoint_monitor: str | None = "val_loss"
    checkpoint_mode: str = "min"
    checkpoint_save_best_only: bool = True
    checkpoint_save_weights_only: bool = False
    checkpoint_save_freq: str | int = "epoch"


class FitRun:
    """One call of ``fit`` and its run. recorder: where it is written."""

    def __init__(self, recorder: Recorder, trainer: Any, model: Any) -> None:
        self.recorder = recorder
        self._options = recorder.options
        self._settings = Settings(**self._options.own)
        self._trainer = trainer
        self._model = model
        self._error: BaseException | None = None
        self._epochs = EpochMetrics(recorder, self._settings.log_every_n_epoch, self._settings.log_every_n_step)
        self._checkpoints = Checkpoints(recorder, self._settings) if self._settings.checkpoint else None
        self._input: FirstInput | None = None
        self._params: dict[str, Any] = {}
        self._callback = _callback_class(_package(trainer), self._settings.log_every_n_step is not None)()
        self._callback.clew_run = self

    @classmethod
    def open(cls, trainer: Any, model: Any, chosen: Options) -> FitRun | None:
        """Open the run and put the callback in its place; None where nothing is to be logged."""
        recorder = open_run("pytorch", chosen)
        if recorder is None:
            return None
        try:
            run = cls(recorder, trainer, model)
            trainer.callbacks.append(run._callback)
        except BaseException:
            recorder.end(None)
            raise
        return run

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
        guard.guarded("taking the callback away", self._remove)
        self._trainer = self._model = self._checkpoints = None
        error, self._error = self._error, None
        self.recorder.end(error)

    def _remove(self) -> None:
        if self._input is not None:
            self._input.close()
        self._callback.clew_run = None
        self._trainer.callbacks[:] = [one for one in self._trainer.callbacks if one is not self._callback]

    # -- called by the callback ----------------------------------------------------------------

    def on_train_start(self, trainer: Any, module: Any) -> None:
        """Write what is known before the first batch."""
        parts: tuple[tuple[str, Callable[[Any, Any], None], bool], ...] = (
            ("logging parameters", self._log_params, True),
            ("logging the model's summary", self._log_summary, True),
            ("logging the dataset", self._log_datasets, self._options.log_datasets),
        )
        for what, work, wanted in parts:
            if wanted:
                guard.guarded(what, work, trainer, module)
        if self._options.log_models:
            # Here and not before: a module that is sent to other ranks must be the user's alone.
            self._input = first_input(module)

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
        """Write what the last epoch's end left to the module's own hook."""
        del module
        self._epochs.late(trainer)
        self._epochs.begin(trainer)

    def on_validation_start(self, trainer: Any, module: Any) -> None:
        """Remember which metrics are there, so that those of the validation are told apart."""
        del module
        self._epochs.before_validation(trainer)

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        """Find the metrics of the validation."""
        del module
        self._epochs.after_validation(trainer)

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        """Write the epoch's metrics and, if it is the best, a checkpoint."""
        del module
        guard.guarded("logging metrics", self._epochs.end, trainer)
        if self._checkpoints is not None:
            guard.guarded("logging a checkpoint", self._checkpoints.after_epoch, trainer)

    def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
        """Write a step's metrics."""
        del module
        self._epochs.step(trainer)
        if self._checkpoints is not None:
            guard.guarded("logging a checkpoint", self._checkpoints.after_step, trainer)

    def on_train_end(self, trainer: Any, module: Any) -> None:
        """Write what the last epoch's end left to the module's own hook."""
        del module
        self._epochs.late(trainer)

    # -- parts ---------------------------------------------------------------------------------

    def _log_params(self, trainer: Any, module: Any) -> None:
        self.recorder.tags({"Mode": "training"})
        params: dict[str, Any] = {"epochs": trainer.max_epochs}
        for number, optimizer in enumerate(trainer.optimizers):
            behind = f"_{number}" if number else ""
            inner = getattr(optimizer, "_optimizer", optimizer)
            params[f"optimizer_name{behind}"] = type(inner).__name__
            params |= {f"{key}{behind}": value for key, value in getattr(inner, "defaults", {}).items()}
        for number, config in enumerate(trainer.lr_scheduler_configs):
            params["lr_scheduler" + (f"_{number}" if number else "")] = type(config.scheduler).__name__
        for key in _FREE_OPTIONS:
            if (value := getattr(trainer, key, None)) not in (None, -1):
                params[key] = value
        params["strategy"] = type(trainer.strategy).__name__
        for stopping in _stoppings(trainer):
            params |= {key: getattr(stopping, key) for key in _STOPPING if hasattr(stopping, key)}
        holders = [module, getattr(trainer, "datamodule", None)]
        for key, value in [pair for one in holders for pair in _hparams(one).items()]:
            params[f"hparams/{key}" if str(params.get(key, value)) != str(value) else key] = value
        self._params = params
        self.recorder.params(params)

    def _log_summary(self, trainer: Any, module: Any) -> None:
        summaries = importlib.import_module(_package(trainer) + ".utilities.model_summary")
        with undisturbed():
            self.recorder.text(str(summaries.ModelSummary(module, max_depth=-1)), "model_summary.txt")

    def _log_datasets(self, trainer: Any, module: Any) -> None:
        del module
        validation = trainer.val_dataloaders
        for context, loader in (("train", trainer.train_dataloader), ("eval", validation)):
            arrays = arrays_of(loader)
            if arrays is not None:
                self.recorder.dataset(describe(*arrays, source_tags()), context)

    def _log_stopping(self) -> None:
        for stopping in _stoppings(self._trainer):
            metrics = {}
            if stopped := int(getattr(stopping, "stopped_epoch", 0) or 0):
                metrics["stopped_epoch"] = float(stopped)
                metrics["restored_epoch"] = float(stopped - max(1, int(stopping.patience)))
            for key in ("best_score", "wait_count"):
                if hasattr(stopping, key):
                    metrics[key] = float(getattr(stopping, key))
            self.recorder.metrics(metrics, int(self._trainer.current_epoch))

    def _log_model(self) -> None:
        example = self._input.example if self._input is not None else None
        options = ModelOptions(
            signature=False,
            flavor_options={"input_example": example, "silent": self._options.silent},
        )
        with undisturbed():
            if example is not None and self._options.log_model_signatures:
                signature = guard.attempt(lambda: _signature(self._model, example))
                options = msgspec.structs.replace(options, signature=signature or False)
            if example is not None and self._options.log_input_examples:
                options = msgspec.structs.replace(options, input_example=example[:5])
            entry = ModelEntry(
                name="model", params=self._params, registered_model_name=self._options.registered_model_name
            )
            info = log_model(self._model, entry, flavor="pytorch", options=options, hurry=True)
        self.recorder.model_id = info.model_id


def _signature(model: Any, example: Any) -> Any:
    from clew.packaging.flavors import pytorch

    return infer_signature(example, pytorch.predict(model, example, {}))


def _stoppings(trainer: Any) -> list[Any]:
    """The callbacks that stop early, of whichever Lightning."""
    return [one for one in trainer.callbacks if any(kind.__name__ == "EarlyStopping" for kind in type(one).__mro__)]


def _hparams(owner: Any) -> Mapping[str, Any]:
    found = getattr(owner, "hparams_initial", None) or getattr(owner, "hparams", None) or {}
    return {str(key): value for key, value in dict(found).items()}


def _package(trainer: Any) -> str:
    """``lightning.pytorch`` or ``pytorch_lightning``, whose classes do not know each other."""
    for kind in type(trainer).__mro__:
        if kind.__module__.endswith(".trainer.trainer"):
            return kind.__module__.removesuffix(".trainer.trainer")
    return "lightning.pytorch"


_HOOKS = (
    "on_train_start",
    "on_train_epoch_start",
    "on_train_epoch_end",
    "on_validation_start",
    "on_validation_end",
    "on_train_end",
)


@functools.cache
def _callback_class(package: str, steps: bool) -> Any:
    """An official callback of that package whose hooks are the run's, each behind the fence.

    steps: whether it is called after every batch.
    """
    base = sys.modules[package].Callback

    def forward(name: str) -> Callable[..., None]:
        def hook(self: Any, *args: Any) -> None:
            if self.clew_run is not None:
                guard.guarded(f"Lightning's {name}", getattr(self.clew_run, name), *args)

        hook.__name__ = name
        return hook

    names = (*_HOOKS, "on_train_batch_end") if steps else _HOOKS
    body: dict[str, Any] = {name: forward(name) for name in names}
    # In another process, and as a copy, it is a callback that does nothing.
    body |= {"clew_run": None, "__reduce__": lambda _: (base, ())}
    return type("AutologCallback", (base,), body)
