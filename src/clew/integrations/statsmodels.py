"""Autologging for statsmodels: ``fit`` and ``fit_regularized`` of its models."""

from __future__ import annotations

import functools
import inspect
import json
import math
import re
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Final

import numpy as np

from clew.integrations import guard, options
from clew.integrations.dataset import HASHED_ROWS, describe, rows_of, source_tags, take
from clew.integrations.onefit import OneFit, Part, class_tags
from clew.integrations.patch import Patch
from clew.integrations.recorder import Recorder, open_run
from clew.integrations.trained import EXAMPLE_ROWS, SIGNATURE_ROWS, log_trained
from clew.packaging.inference import is_frame
from clew.packaging.signature import ModelSignature, infer_signature

_TRAINING_METHODS: Final = ("fit", "fit_regularized")
_METRICS: Final = (
    *(
        "aic",
        "bic",
        "centered_tss",
        "condition_number",
        "deviance",
        "df_model",
        "df_resid",
        "ess",
        "f_pvalue",
        "fvalue",
    ),
    *("hqic", "llf", "llnull", "llr", "llr_pvalue", "mae", "mse", "mse_model", "mse_resid", "mse_total"),
    *("null_deviance", "pearson_chi2", "prsquared", "rsquared", "rsquared_adj", "scale", "sse", "ssr"),
    "uncentered_tss",
)
"""Numbers that results have, each where it has a value."""


def patch_module(patch: Patch, module: ModuleType) -> None:
    """Wrap the fits of the models that one module of statsmodels defines."""
    base = _model_class()
    if base is None:
        return
    for kind in list(vars(module).values()):
        if isinstance(kind, type) and kind.__module__ == module.__name__ and issubclass(kind, base):
            for method in _TRAINING_METHODS:
                if method in vars(kind):
                    patch.train(kind, method, functools.partial(_begin, method))


class _Fit(OneFit):
    def __init__(self, recorder: Recorder, model: Any, params: dict[str, Any]) -> None:
        super().__init__(recorder)
        self._model = model
        self._params = params

    def parts(self, result: Any) -> Sequence[Part]:
        """What the results show."""
        chosen = self._options
        return (
            ("logging the dataset", self._log_dataset, chosen.log_datasets),
            ("logging the model", functools.partial(self._log_model, result), chosen.log_models),
            ("logging metrics", functools.partial(self._log_metrics, result), True),
            ("logging the summary", functools.partial(self._log_summary, result), True),
            ("logging coefficients", functools.partial(self._log_coefficients, result), True),
        )

    def forget(self) -> None:
        """Let go of the user's data."""
        self._model = None

    def _log_dataset(self) -> None:
        data = self._model.data
        features, targets = data.orig_exog, data.orig_endog
        if _formula(self._model):
            features, targets = _frame(self._model), None
        if features is None:
            features, targets = data.orig_endog, None
        total = rows_of(features)
        first = slice(min(total, HASHED_ROWS))
        found = describe(take(features, first), _vector(take(targets, first)), source_tags(), total=total)
        self._recorder.dataset(found, "train")

    def _log_model(self, result: Any) -> None:
        rows = self._rows()
        self._recorder.model_id = log_trained(
            self._options,
            "statsmodels",
            result,
            params=self._params,
            signature=functools.partial(self._signature, result),
            example=None if rows is None else take(rows, slice(EXAMPLE_ROWS)),
            own={},
        )

    def _signature(self, result: Any) -> ModelSignature | None:
        rows = self._rows()
        return (
            None if rows is None else infer_signature(rows, np.asarray(result.predict(take(rows, slice(EXAMPLE_ROWS)))))
        )

    def _rows(self) -> Any:
        """The first rows as ``predict`` takes them: what the formula names, or the exogenous columns."""
        source = _frame(self._model) if _formula(self._model) else self._model.data.orig_exog
        return None if source is None else take(source, slice(SIGNATURE_ROWS))

    def _log_metrics(self, result: Any) -> None:
        found = {}
        for name in _METRICS:
            value = guard.attempt(functools.partial(getattr, result, name, None))
            if isinstance(value, float | int | np.floating | np.integer) and not math.isnan(value):
                found[name] = float(value)
        self._recorder.metrics(found)

    def _log_summary(self, result: Any) -> None:
        summary = guard.attempt(lambda: result.summary().as_text())  # regularized results have none
        if summary is not None:
            self._recorder.artifact("model_summary.txt", summary.encode())

    def _log_coefficients(self, result: Any) -> None:
        values = np.ravel(np.asarray(result.params, dtype=float))
        names = guard.attempt(lambda: list(result.model.data.param_names)) or []
        names = names if len(names) == len(values) else [str(number) for number in range(len(values))]
        columns: dict[str, Any] = {"name": names, "coef": values.tolist()}
        for column, attribute in (("std err", "bse"), ("t", "tvalues"), ("p", "pvalues")):
            more = guard.attempt(lambda key=attribute: np.ravel(np.asarray(getattr(result, key), dtype=float)))  # type: ignore[misc]
            if more is not None and len(more) == len(values):
                columns[column] = [None if math.isnan(value) else value for value in more.tolist()]
        table = {"columns": list(columns), "data": [list(row) for row in zip(*columns.values(), strict=True)]}
        self._recorder.artifact("coefficients.json", json.dumps(table).encode())


def _begin(method: str, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Fit | None:
    chosen = options.wanted("statsmodels")
    recorder = None if chosen is None else open_run("statsmodels", chosen)
    if recorder is None:
        return None
    guard.guarded("logging tags", recorder.tags, class_tags(model))
    params = guard.guarded("reading parameters", _params, method, model, args, kwargs) or {}
    guard.guarded("logging parameters", recorder.params, params)
    return _Fit(recorder, model, params)


def _params(method: str, model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the fit, given or default, and what the model was made of."""
    bound = inspect.signature(inspect.unwrap(getattr(type(model), method))).bind(model, *args, **kwargs)
    bound.apply_defaults()
    found: dict[str, Any] = {}
    for parameter in bound.signature.parameters.values():
        value = bound.arguments[parameter.name]
        if parameter.kind is parameter.VAR_KEYWORD:
            found |= value
        elif parameter.name != "self":
            found[parameter.name] = value
    plain = {name: value for name, value in found.items() if isinstance(value, str | int | float | bool | None)}
    if formula := _formula(model):
        plain["formula"] = formula
    count = guard.attempt(lambda: int(model.nobs if hasattr(model, "nobs") else len(model.endog)))
    return plain | ({} if count is None else {"nobs": count})


def _formula(model: Any) -> str:
    return str(getattr(model, "formula", None) or "")


def _frame(model: Any) -> Any:
    """The columns that a model's formula names, out of the frame that it was given."""
    frame: Any = getattr(model.data, "frame", None)
    if not is_frame(frame):
        return None
    names = set(re.findall(r"[^\W\d]\w*", _formula(model).partition("~")[2]))
    return frame[[column for column in frame.columns if column in names]]


def _vector(values: Any) -> Any:
    return None if values is None else np.asarray(values)


def _model_class() -> Any:
    return getattr(sys.modules.get("statsmodels.base.model"), "Model", None)
