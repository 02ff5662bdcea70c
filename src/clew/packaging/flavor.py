"""Flavors: one per framework, found by name without importing the framework.

A flavor is a module of ``clew.packaging.flavors`` with the names of :class:`Flavor`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Protocol, cast

import msgspec

from clew.errors import InvalidValue, NotSupported
from clew.packaging.signature import ModelSignature

Trust = Literal["safe", "pickle"]
"""``safe``: only formats that run no code. ``pickle``: the model may run code while it loads."""


class LoadPolicy(msgspec.Struct, frozen=True):
    """What a model may do while it loads; decided by the caller, never by the model.

    trusted_types: full names of classes that a skops file may hold beyond our own list.
    model_config: what the caller sets of a Python model's settings, or of how a framework loads its own.
    """

    trust: Trust = "safe"
    trusted_types: tuple[str, ...] = ()
    model_config: Mapping[str, Any] | None = None


class SavedFlavor(msgspec.Struct, kw_only=True):
    """What a flavor wrote.

    config: its entry under ``flavors``; empty where ``python_function`` is all there is.
    pyfunc: its part of the ``python_function`` entry, or None where the model cannot predict.
    packages: distributions that loading needs.
    modules: modules whose classes the model file names.
    ready: what predicts, where that is not the model that was given.
    signature: what all models of this kind have; counts where the caller gives neither a signature nor an example.
    """

    config: dict[str, Any]
    pyfunc: dict[str, Any] | None
    packages: Sequence[str]
    modules: Sequence[str] = ()
    ready: Any = None
    signature: ModelSignature | None = None


class Flavor(Protocol):
    """How one framework's models are written, read and asked.

    name: key under ``flavors``.
    loader_module: module that MLflow loads such models with.

    Where something other than the model predicts, a function ``serve(model, folder, config)`` makes it.
    """

    name: str
    loader_module: str

    def matches(self, model: object) -> bool:
        """Whether ``model`` is of this framework."""

    def save(self, model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
        """Write the model's files into ``folder``.

        options: the caller's, and ``input_example`` and ``signature`` where they were given.
        """

    def load(self, folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
        """The model in its own class."""

    def predict(
        self, model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None
    ) -> Any:
        """The model's answer for checked data and params; ``config`` is the ``python_function`` entry."""


# flavor_of_model takes the first that fits: a framework whose estimators are scikit-learn's as well stands before it,
# and Keras, whose models are modules of torch on that backend, before PyTorch.
_FLAVORS: Final[Mapping[str, str]] = {
    "keras": "clew.packaging.flavors.keras",
    "loader": "clew.packaging.flavors.loader",
    "onnx": "clew.packaging.flavors.onnx",
    "python_function": "clew.packaging.flavors.python_function",
    "pytorch": "clew.packaging.flavors.pytorch",
    "catboost": "clew.packaging.flavors.catboost",
    "lightgbm": "clew.packaging.flavors.lightgbm",
    "prophet": "clew.packaging.flavors.prophet",
    "statsmodels": "clew.packaging.flavors.statsmodels",
    "spark": "clew.packaging.flavors.spark",
    "xgboost": "clew.packaging.flavors.xgboost",
    "sklearn": "clew.packaging.flavors.sklearn",
    "transformers": "clew.packaging.flavors.transformers",
}
_LOADERS: Final[Mapping[str, str]] = {
    "mlflow.keras": "keras",
    "mlflow.onnx": "onnx",
    "mlflow.pyfunc.loaders.code_model": "python_function",
    "mlflow.pyfunc.model": "python_function",
    "mlflow.pytorch": "pytorch",
    "mlflow.sklearn": "sklearn",
    "mlflow.transformers": "transformers",
    "mlflow.catboost": "catboost",
    "mlflow.lightgbm": "lightgbm",
    "mlflow.prophet": "prophet",
    "mlflow.statsmodels": "statsmodels",
    "mlflow.spark": "spark",
    "mlflow.xgboost": "xgboost",
}


def flavor_names() -> list[str]:
    """Every flavor that can be saved and loaded."""
    return sorted(_FLAVORS)


def get_flavor(name: str) -> Flavor:
    """The flavor of that name.

    Raises:
        NotSupported: there is none.
    """
    if name not in _FLAVORS:
        raise NotSupported(f"There is no model flavor {name!r}; known: {', '.join(flavor_names())}.")
    return cast("Flavor", importlib.import_module(_FLAVORS[name]))


def flavor_of_loader(loader_module: object) -> Flavor:
    """The flavor that reads models whose ``loader_module`` is the given one; the module is not imported.

    Raises:
        NotSupported: the model names none.
    """
    name = _LOADERS.get(str(loader_module))
    if name is not None:
        return get_flavor(name)
    if not isinstance(loader_module, str) or not loader_module:
        raise NotSupported(f"The model names no loader, but {loader_module!r}; it is no model that Clew can load.")
    return get_flavor("loader")


def flavor_of_model(model: object) -> Flavor:
    """The flavor whose framework made ``model``.

    Raises:
        InvalidValue: none did.
    """
    for name in _FLAVORS:
        flavor = get_flavor(name)
        if flavor.matches(model):
            return flavor
    raise InvalidValue(
        f"No flavor saves a {type(model).__module__}.{type(model).__qualname__}; known: {', '.join(flavor_names())}."
    )
