"""What the user asked of autologging: one set of options for all frameworks, one more per framework.

The options of a framework's own ``autolog`` win over the general ones, whichever came first.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from clew.errors import InvalidValue

OLDEST: Final[Mapping[str, str]] = {
    "catboost": "1.2",
    "hyperopt": "0.2.7",
    "keras": "3.0",
    "lightgbm": "4.0",
    "lightning": "2.0",
    "optuna": "4.0",
    "prophet": "1.1",
    "pyspark": "3.5",
    "pytorch_lightning": "2.0",
    "sklearn": "1.5",
    "statsmodels": "0.14",
    "torch": "2.0",
    "transformers": "4.46",
    "xgboost": "2.1",
}
"""Package -> the oldest version whose inside is as the hooks take it to be."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Flags with MLflow's names and meaning; those with other defaults or new ones are described.

    max_tuning_runs: how many candidates of a search become child runs, the best by rank; None for all.
    disable_for_unsupported_versions: leave a framework alone that is older than ``OLDEST`` says.
    serialization_format: None takes the safe format of the framework (skops for scikit-learn).
    log_training_metrics: compute metrics on the training data after ``fit``.
    log_figures: draw what classifiers make of their training data, and the estimator itself as a page.
    max_metric_rows: training metrics look at no more rows than this.
    every_n_iter: of boosting, log the metrics of every n-th round, and of the last; of ``partial_fit``, of every call.
    importance_types: of XGBoost, which importances of features are logged; None for ``weight``.
    model_format: of XGBoost, the logged model's file format.
    own: what only this framework knows; without an entry, its own default holds.

    Raises:
        InvalidValue: a number is not positive.
    """

    disable: bool = False
    exclusive: bool = False
    silent: bool = False
    disable_for_unsupported_versions: bool = False
    log_models: bool = True
    log_model_signatures: bool = True
    log_input_examples: bool = False
    log_datasets: bool = True
    log_post_training_metrics: bool = True
    log_training_metrics: bool = True
    log_figures: bool = True
    max_metric_rows: int = 100_000
    max_tuning_runs: int | None = 5
    serialization_format: str | None = None
    pos_label: object = None
    every_n_iter: int = 1
    importance_types: Sequence[str] | None = None
    model_format: str = "ubj"
    registered_model_name: str | None = None
    extra_tags: Mapping[str, str] | None = None
    exclude_flavors: Sequence[str] | None = None
    own: Mapping[str, Any] = {}

    def __post_init__(self) -> None:
        for name in ("every_n_iter", "max_metric_rows"):
            if getattr(self, name) < 1:
                raise InvalidValue(f"{name} must be positive, not {getattr(self, name)}.")


def from_arguments(arguments: Mapping[str, Any]) -> Options:
    """The options that the arguments of an ``autolog`` ask for; those that no other framework knows are its own.

    Raises:
        InvalidValue: a number is not positive.
    """
    shared = {name: value for name, value in arguments.items() if name in Options.__struct_fields__}
    own = {name: value for name, value in arguments.items() if name not in shared}
    return Options(**shared, own=own)


_lock = threading.Lock()
_general: Options | None = None
_own: dict[str, Options] = {}


def set_general(options: Options) -> None:
    """Options for every framework without its own."""
    global _general
    with _lock:
        _general = options


def set_own(flavor: str, options: Options) -> None:
    """Options of one framework."""
    with _lock:
        _own[flavor] = options


def get(flavor: str) -> Options | None:
    """The options that hold for a framework now; None where autologging is off for it."""
    options = _own.get(flavor)
    if options is None:
        options = _general
        if options is None or flavor in (options.exclude_flavors or ()):
            return None
    return None if options.disable else options


def wanted(flavor: str, package: str | None = None) -> Options | None:
    """The options for a training that begins now; None where it is to be left alone.

    package: that trains, where it is not named like the flavor.
    """
    options = get(flavor)
    if options is not None and options.disable_for_unsupported_versions and _is_old(package or flavor):
        return None
    return options


def is_silent(flavor: str) -> bool:
    """Whether autologging of a framework shall say nothing in the log."""
    options = _own.get(flavor) or _general
    return options is not None and options.silent


def _is_old(package: str) -> bool:
    version = str(getattr(sys.modules.get(package), "__version__", ""))
    found, oldest = (tuple(map(int, re.findall(r"\d+", text)[:3])) for text in (version, OLDEST[package]))
    return bool(found) and found < oldest


def clear() -> None:
    """Forget all options, as if autologging had never been switched on."""
    global _general
    with _lock:
        _general = None
        _own.clear()
