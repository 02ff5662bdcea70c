"""Autologging for Prophet: ``fit`` of its models. Its ``cross_validation`` trains many, and makes no run."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Final

import numpy as np

from clew.integrations import guard, options
from clew.integrations.dataset import HASHED_ROWS, describe, rows_of, source_tags, take
from clew.integrations.onefit import OneFit, Part, class_tags
from clew.integrations.patch import Patch
from clew.integrations.randomness import undisturbed
from clew.integrations.recorder import Recorder, open_run
from clew.integrations.trained import EXAMPLE_ROWS, SIGNATURE_ROWS, log_trained
from clew.packaging.signature import ModelSignature, infer_signature

# What the constructor takes that is no setting, or is told in words of its own.
_TOLD_OTHERWISE: Final = ("self", "changepoints", "holidays", "stan_backend")
_SEASONALITY: Final = ("period", "fourier_order", "prior_scale", "mode", "condition_name")
_NUMBERS: Final = ("k", "m", "sigma_obs")
"""Of the fitted parameters those that are one number: the trend's first slope, its offset, the noise."""


def patch_module(patch: Patch, module: ModuleType) -> None:
    """Wrap what one module of Prophet holds."""
    if module.__name__ == "prophet.forecaster":
        patch.train(module.Prophet, "fit", _begin)
    elif module.__name__ == "prophet.diagnostics":
        # The second is what threads and processes are given.
        patch.mute(module, "cross_validation")
        patch.mute(module, "single_cutoff_forecast")


class _Fit(OneFit):
    def __init__(self, recorder: Recorder, model: Any, history: Any) -> None:
        super().__init__(recorder)
        self._model = model
        self._history = history
        self._params: dict[str, Any] = {}

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params, and keep them for the model."""
        self._params |= params
        self._recorder.params(params)

    def parts(self, result: Any) -> Sequence[Part]:
        """What the fitted model shows."""
        del result
        chosen = self._options
        return (
            ("logging parameters", lambda: self.log_params(_seasonalities(self._model)), True),
            ("logging the dataset", self._log_dataset, chosen.log_datasets),
            ("logging the model", self._log_model, chosen.log_models),
            ("logging metrics", self._log_metrics, True),
            ("logging changepoints", self._log_changepoints, True),
        )

    def forget(self) -> None:
        """Let go of the user's data."""
        self._model = self._history = None

    def _log_dataset(self) -> None:
        total = rows_of(self._history)
        first = take(self._history, slice(min(total, HASHED_ROWS)))
        self._recorder.dataset(describe(first, None, source_tags(), total=total), "train")

    def _log_metrics(self) -> None:
        found = self._model.params
        self._recorder.metrics({name: float(np.nanmean(found[name])) for name in _NUMBERS if name in found})

    def _log_changepoints(self) -> None:
        """When the trend bends, and by how much: a table."""
        moments = [moment.isoformat() for moment in self._model.changepoints]
        bends = np.nanmean(self._model.params["delta"], axis=0).tolist()
        # A series with none has a stand-in at its beginning.
        rows = [list(pair) for pair in zip(moments, bends, strict=False)]
        table = {"columns": ["ds", "delta"], "data": rows}
        self._recorder.artifact("changepoints.json", json.dumps(table).encode())

    def _log_model(self) -> None:
        rows = self._questions()
        self._recorder.model_id = log_trained(
            self._options,
            "prophet",
            self._model,
            params=self._params,
            signature=functools.partial(self._signature, rows),
            example=take(rows, slice(EXAMPLE_ROWS)),
            own={},
        )

    def _questions(self) -> Any:
        """The first rows as ``predict`` takes them."""
        rows = take(self._history, slice(SIGNATURE_ROWS))
        return rows.drop(columns=["y"])

    def _signature(self, rows: Any) -> ModelSignature:
        with undisturbed():  # the intervals are drawn by numpy's shared generator
            answer = self._model.predict(take(rows, slice(EXAMPLE_ROWS)))
        return infer_signature(rows, answer)


def _begin(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Fit | None:
    chosen = options.wanted("prophet")
    recorder = None if chosen is None else open_run("prophet", chosen)
    if recorder is None:
        return None
    history = args[0] if args else kwargs.get("df")
    fit = _Fit(recorder, model, history)
    guard.guarded("logging tags", recorder.tags, class_tags(model))
    guard.guarded("logging parameters", lambda: fit.log_params(_settings(model)))
    more = {name: value for name, value in kwargs.items() if isinstance(value, str | int | float | bool | None)}
    guard.guarded("logging parameters", fit.log_params, more)
    guard.guarded("logging parameters", lambda: fit.log_params(_extent(history)))
    return fit


def _settings(model: Any) -> dict[str, Any]:
    """What the model was made with, by the names of its constructor's arguments, and what was added to it since."""
    names = inspect.signature(_prophet_of(model).__init__).parameters
    found = {name: getattr(model, name) for name in names if name not in _TOLD_OTHERWISE and hasattr(model, name)}
    if model.specified_changepoints:
        found["changepoints"] = ", ".join(moment.isoformat() for moment in model.changepoints)
    if model.holidays is not None:
        found["holidays"] = ", ".join(sorted(set(model.holidays["holiday"].astype(str))))
    if model.country_holidays is not None:
        found["country_holidays"] = model.country_holidays
    for name, about in model.extra_regressors.items():
        found |= {f"regressor.{name}.{key}": about.get(key) for key in ("prior_scale", "standardize", "mode")}
    return found


def _prophet_of(model: Any) -> Any:
    """Prophet's own class, whose arguments a class of the user's may hide."""
    return next(kind for kind in type(model).__mro__ if kind.__module__ == "prophet.forecaster")


def _extent(history: Any) -> dict[str, Any]:
    return {
        "history_rows": rows_of(history),
        "history_start": str(history["ds"].min()),
        "history_end": str(history["ds"].max()),
    }


def _seasonalities(model: Any) -> dict[str, Any]:
    """Those that were added, and those that Prophet chose by the length of the history."""
    found: dict[str, Any] = {"seasonalities": ", ".join(model.seasonalities)}
    for name, about in model.seasonalities.items():
        found |= {f"seasonality.{name}.{key}": about[key] for key in _SEASONALITY if about.get(key) is not None}
    return found
