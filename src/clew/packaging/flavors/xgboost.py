"""XGBoost models in its own formats, which run no code: boosters and estimators of its scikit-learn interface."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import Corrupt, InvalidValue
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.framework import class_name, find_class, is_instance, need
from clew.packaging.manifest import inside

name: Final = "xgboost"
loader_module: Final = "mlflow.xgboost"
PACKAGES: Final = ("xgboost", "xgboost-cpu", "numpy", "scipy", "pandas")
"""What loading needs; of the two builds of XGBoost, the one that is installed."""
FORMATS: Final = ("ubj", "json")
_BOOSTER: Final = "xgboost.core.Booster"


def matches(model: object) -> bool:
    """Whether it is a booster or an estimator of XGBoost's."""
    return is_instance(model, "xgboost", "Booster", "XGBModel")


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``model.<format>``.

    options: ``model_format`` (ubj or json; default ubj).

    Raises:
        InvalidValue: an unknown format, or an estimator that is not fitted.
    """
    xgboost = need("xgboost", "xgboost")
    chosen = options.get("model_format") or "ubj"
    if chosen not in FORMATS:
        raise InvalidValue(f"model_format must be one of {', '.join(FORMATS)}, not {chosen!r}.")
    file = f"model.{chosen}"
    try:
        model.save_model(os.path.join(folder, file))
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise InvalidValue(f"XGBoost cannot save this {type(model).__name__}: {error}") from error
    kind = class_name(model)
    config = {
        "data": file,
        "model_class": kind,
        "model_format": chosen,
        "xgb_version": xgboost.__version__,
    }
    pyfunc = {"loader_module": loader_module, "data": file}
    packages = PACKAGES if kind == _BOOSTER else (*PACKAGES, "scikit-learn")
    return SavedFlavor(config=config, pyfunc=pyfunc, packages=packages, modules=[type(model).__module__])


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The booster or estimator.

    Raises:
        Denied: it is of a class outside of XGBoost, and the policy forbids code.
        Corrupt: the file cannot be read.
    """
    xgboost = need("xgboost", "xgboost")
    path = inside(folder, config.get("data"))
    kind = config.get("model_class") or _BOOSTER
    model = xgboost.Booster() if kind == _BOOSTER else find_class(kind, "xgboost", xgboost.XGBModel, policy)()
    try:
        model.load_model(path)
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise Corrupt(f"{path} cannot be read as an XGBoost model: {error}") from error
    return model


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """What ``predict`` answers; ``params`` are its keyword arguments. Boosters get the data as a ``DMatrix``."""
    del config
    if is_instance(model, "xgboost", "Booster"):
        data = need("xgboost", "xgboost").DMatrix(data)
    return model.predict(data, **(params or {}))
