"""A callback for fastai 2. CI knows it only with a stand-in for fastai, which pulls in the CUDA build of PyTorch."""

from __future__ import annotations

import importlib
from typing import Any

from clew.client.runlog import RunLog
from clew.client.runs import active_or_begun
from clew.errors import MissingPackage


def callback() -> Any:
    """A callback that writes a training to the active run, begun if there is none: ``learn.fit(3, cbs=callback())``.

    Params: ``epochs``, ``opt_func``, ``loss_func``, ``batch_size`` and the optimizer's settings of the last group.
    Metrics: the recorder's, by its names, per epoch. Neither a search for a learning rate nor a prediction is written.

    Raises:
        MissingPackage: fastai is not installed.
    """
    try:
        base = importlib.import_module("fastai.callback.core").Callback
    except ImportError:
        raise MissingPackage("clew.contrib.fastai needs fastai: pip install fastai") from None
    return _class_over(base)()


def _class_over(base: Any) -> Any:
    class ClewCallback(base):  # type: ignore[misc]
        """Writes params before a fit and the recorder's values after each epoch."""

        order = 60
        """Behind fastai's Recorder, whose values it reads."""

        def before_fit(self) -> None:
            """Log what the training is told."""
            self.clew_log = _log_of(self.learn)
            if self.clew_log is None:
                return
            about = {
                "epochs": self.learn.n_epoch,
                "opt_func": _name(self.learn.opt_func),
                "loss_func": _name(self.learn.loss_func),
                "batch_size": getattr(self.learn.dls, "bs", None),
            }
            self.clew_log.log_params({**about, **dict(self.learn.opt.hypers[-1])})

        def after_epoch(self) -> None:
            """Log the recorder's values of the epoch."""
            if self.clew_log is None or not self.learn.recorder.values:
                return
            names = list(self.learn.recorder.metric_names)[1:]  # the first is the epoch
            values = dict(zip(names, self.learn.recorder.values[-1], strict=False))
            points = {key: float(value) for key, value in values.items() if value is not None}
            self.clew_log.log_points(points, int(self.learn.epoch))

    return ClewCallback


def _log_of(learn: Any) -> RunLog | None:
    if hasattr(learn, "lr_finder") or hasattr(learn, "gather_preds"):
        return None
    return active_or_begun().log


def _name(function: Any) -> str:
    inner = getattr(function, "func", function)  # of a partial
    return str(getattr(inner, "__name__", type(inner).__name__))
