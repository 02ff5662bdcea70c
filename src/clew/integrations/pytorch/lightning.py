"""``Trainer.fit`` of Lightning wrapped: the training gets a run, and an official callback that watches it."""

from __future__ import annotations

import functools
from typing import Any
from weakref import WeakKeyDictionary

from clew.integrations import guard, options
from clew.integrations.patch import Patch, Training
from clew.integrations.pytorch.fit import FitRun
from clew.integrations.recorder import Recorder

_trained: WeakKeyDictionary[Any, Recorder] = WeakKeyDictionary()
"""The run that a trainer trained in, for what it tests later."""


def patch_trainer(patch: Patch, trainer_class: type) -> None:
    """Wrap ``fit`` and ``test`` of one Lightning's ``Trainer``."""
    patch.on_undo(_trained.clear)
    patch.train(trainer_class, "fit", _begin)
    patch.replace(trainer_class, "test", lambda original: _testing(patch, original))


def _begin(trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Training | None:
    chosen = options.wanted("pytorch", _package(trainer))
    model = args[0] if args else kwargs.get("model")
    if chosen is None or model is None or not trainer.is_global_zero or _has_our_logger(trainer):
        return None
    run = FitRun.open(trainer, model, chosen)
    if run is not None:
        _trained[trainer] = run.recorder
    return run


def _package(trainer: Any) -> str:
    """The Lightning of the trainer, which may be of a class of the user's."""
    names = (kind.__module__.partition(".")[0] for kind in type(trainer).__mro__)
    return next((name for name in names if name in ("lightning", "pytorch_lightning")), "lightning")


def _has_our_logger(trainer: Any) -> bool:
    """Whether the user logs to Clew already; twice would be too much."""
    return any(hasattr(type(logger), "is_clew") for logger in trainer.loggers)


def _testing(patch: Patch, original: Any) -> Any:
    @functools.wraps(original)
    def test(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        recorder = _trained.get(self)
        if recorder is not None and patch.live and not guard.inside() and options.get("pytorch") is not None:
            with patch.quiet():
                guard.guarded("logging the results of a test", _log_test, recorder, self)
        return result

    return test


def _log_test(recorder: Recorder, trainer: Any) -> None:
    recorder.tags({"Mode": "testing"})
    found = {key: float(value) for key, value in trainer.callback_metrics.items()}
    recorder.metrics(found, int(trainer.current_epoch))
