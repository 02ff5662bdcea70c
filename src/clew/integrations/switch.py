"""``autolog()``: switching autologging on and off, for all frameworks or for one.

A framework is patched when the user imports it, or at once where that has happened; nothing is imported for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from clew.errors import InvalidValue
from clew.integrations import hyperopt as _hyperopt
from clew.integrations import joblib as _joblib
from clew.integrations import keras as _keras
from clew.integrations import options
from clew.integrations import optuna as _optuna
from clew.integrations import pysparkml as _pysparkml
from clew.integrations import pytorch as _pytorch
from clew.integrations import sklearn as _sklearn
from clew.integrations import sparkreads as _sparkreads
from clew.integrations import transformers as _transformers
from clew.integrations.onimport import OnImport, hooks


class Switched(Protocol):
    """A framework whose autologging can be switched on and off."""

    def install(self) -> None:
        """Patch the framework, now or when it is imported."""

    def uninstall(self) -> None:
        """Put everything back."""


_INTEGRATIONS: Final[Mapping[str, Switched]] = {
    "catboost": OnImport("catboost", ("catboost",), hooks("clew.integrations.catboost")),
    "hyperopt": _hyperopt,
    "joblib": _joblib,
    "keras": _keras,
    "lightgbm": OnImport("lightgbm", ("lightgbm",), hooks("clew.integrations.lightgbm")),
    "optuna": _optuna,
    "prophet": OnImport("prophet", ("prophet",), hooks("clew.integrations.prophet")),
    "pyspark.ml": _pysparkml,
    "pytorch": _pytorch,
    "sklearn": _sklearn,
    "spark": _sparkreads,
    "statsmodels": OnImport("statsmodels", ("statsmodels",), hooks("clew.integrations.statsmodels")),
    "transformers": _transformers,
    "xgboost": OnImport("xgboost", ("xgboost",), hooks("clew.integrations.xgboost")),
}


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    log_traces: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, str] | None = None,
    exclude_flavors: Sequence[str] | None = None,
) -> None:
    """Log every training and search of the frameworks that Clew knows, with no further call.

    disable: switch it off, and take every patch back.
    exclusive: log only trainings outside of the user's own runs.
    silent: say nothing in the log.
    extra_tags: set on the runs that autologging makes.
    exclude_flavors: frameworks to leave alone.
    log_traces: taken for MLflow's sake; there are no traces.

    Raises:
        InvalidValue: ``exclude_flavors`` names a framework that Clew does not know.
    """
    del log_traces
    _switch_all(locals())


def sklearn_autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    max_tuning_runs: int | None = 5,
    log_post_training_metrics: bool = True,
    serialization_format: str | None = None,
    registered_model_name: str | None = None,
    pos_label: object = None,
    extra_tags: Mapping[str, str] | None = None,
    *,
    log_training_metrics: bool = True,
    max_metric_rows: int = 100_000,
    log_figures: bool = True,
    every_n_iter: int = 1,
) -> None:
    """Log every scikit-learn training; these options win over those of ``clew.autolog``.

    max_tuning_runs: how many candidates of a search become child runs, the best by rank; None for all.
    disable_for_unsupported_versions: leave scikit-learn alone where it is older than 1.5.
    serialization_format: of the logged model; None takes skops, and cloudpickle where skops cannot hold it.
    pos_label: the positive class of a binary problem; without it, scores are averaged by class weight.
    registered_model_name: every logged model becomes the next version of this registered model.
    log_post_training_metrics: log ``model.score`` and metric functions that get the model's predictions later.
    log_training_metrics: compute metrics on the training data after ``fit``.
    max_metric_rows: on no more rows than this, evenly spread.
    every_n_iter: of ``partial_fit``, log the metrics of every n-th call.
    log_figures: draw what a classifier makes of its training data, and the estimator itself as a page.

    Raises:
        InvalidValue: a limit is not positive.
    """
    switch_own("sklearn", locals())


def optuna_autolog(
    disable: bool = False,
    exclusive: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, str] | None = None,
    *,
    disable_for_unsupported_versions: bool = False,
) -> None:
    """Log every ``Study.optimize`` of Optuna; these options win over those of ``clew.autolog``.

    exclusive: leave runs of yours alone. silent: say nothing in the log.
    extra_tags: set on the runs that autologging makes for studies.
    """
    switch_own("optuna", locals())


def hyperopt_autolog(
    disable: bool = False,
    exclusive: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, str] | None = None,
    *,
    disable_for_unsupported_versions: bool = False,
) -> None:
    """Log every ``fmin`` of Hyperopt, with ``Trials`` or ``SparkTrials``; these options win over ``clew.autolog``'s.

    exclusive: leave runs of yours alone. silent: say nothing in the log.
    extra_tags: set on the runs that autologging makes for searches.
    """
    switch_own("hyperopt", locals())


def switch_own(flavor: str, arguments: Mapping[str, Any]) -> None:
    """Switch one framework; its options win over the general ones, and may also say that it is off.

    arguments: those of the framework's ``autolog``, by name.

    Raises:
        InvalidValue: one breaks a rule.
    """
    options.set_own(flavor, options.from_arguments(arguments))
    _apply(flavor)


def _switch_all(arguments: Mapping[str, Any]) -> None:
    chosen = options.from_arguments(arguments)
    if unknown := sorted(set(chosen.exclude_flavors or ()) - set(_INTEGRATIONS)):
        raise InvalidValue(f"exclude_flavors names {unknown}; known: {', '.join(sorted(_INTEGRATIONS))}.")
    options.set_general(chosen)
    for flavor in _INTEGRATIONS:
        _apply(flavor)


def _apply(flavor: str) -> None:
    integration = _INTEGRATIONS[flavor]
    if options.get(flavor) is None:
        integration.uninstall()
        return
    integration.install()
