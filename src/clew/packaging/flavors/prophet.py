"""Forecasters of Prophet, kept as JSON, which runs no code."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import Corrupt, InvalidValue
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.framework import is_instance, need
from clew.packaging.manifest import inside

name: Final = "prophet"
loader_module: Final = "mlflow.prophet"
PACKAGES: Final = ("prophet", "numpy", "pandas")
_FILE: Final = "model.pr"


def matches(model: object) -> bool:
    """Whether it is a forecaster of Prophet's."""
    return is_instance(model, "prophet.forecaster", "Prophet")


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``model.pr``: Prophet's JSON, as a JSON text.

    Raises:
        InvalidValue: the model is not fitted.
    """
    del options
    prophet, serialize = need("prophet", "prophet"), need("prophet.serialize", "prophet")
    if model.history is None:
        raise InvalidValue("Prophet saves only fitted models; call fit() first.")
    with open(os.path.join(folder, _FILE), "w", encoding="utf-8") as out:
        json.dump(serialize.model_to_json(model), out)
    config = {"data": _FILE, "model_type": type(model).__name__, "prophet_version": prophet.__version__}
    return SavedFlavor(config=config, pyfunc={"loader_module": loader_module, "data": _FILE}, packages=PACKAGES)


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The forecaster; one of a class of the author's own comes back as Prophet's.

    Raises:
        Corrupt: the file cannot be read.
    """
    del policy
    serialize = need("prophet.serialize", "prophet")
    path = inside(folder, config.get("data"))
    try:
        with open(path, encoding="utf-8") as file:
            return serialize.model_from_json(json.load(file))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Corrupt(f"{path} cannot be read as a model of Prophet's: {error!r}") from error


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """The forecast for a frame with the column ``ds``; ``params`` are keyword arguments of ``predict``."""
    del config
    return model.predict(data, **(params or {}))
