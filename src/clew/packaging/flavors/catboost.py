"""CatBoost models in its own format, which runs no code."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import Corrupt, InvalidValue, NotSupported
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.framework import is_instance, need
from clew.packaging.manifest import inside

name: Final = "catboost"
loader_module: Final = "mlflow.catboost"
PACKAGES: Final = ("catboost", "numpy", "pandas")
FORMATS: Final = ("cbm", "json")
_CLASSES: Final = ("CatBoost", "CatBoostClassifier", "CatBoostRanker", "CatBoostRegressor")
_FILE: Final = "model.cb"


def matches(model: object) -> bool:
    """Whether it is a model of CatBoost's."""
    return is_instance(model, "catboost", "CatBoost")


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``model.cb``.

    options: ``format`` (cbm or json; default cbm).

    Raises:
        InvalidValue: an unknown format, or a model that is not fitted.
    """
    catboost = need("catboost", "catboost")
    chosen = options.get("format") or "cbm"
    if chosen not in FORMATS:
        raise InvalidValue(f"format must be one of {', '.join(FORMATS)}, not {chosen!r}.")
    try:
        model.save_model(os.path.join(folder, _FILE), format=chosen)
    except catboost.CatBoostError as error:
        raise InvalidValue(f"CatBoost cannot save this {type(model).__name__}: {error}") from error
    config = {
        "data": _FILE,
        # A class of the author's own comes back as the one of CatBoost's that it derives from.
        "model_type": next(kind.__name__ for kind in type(model).__mro__ if kind.__name__ in _CLASSES),
        "save_format": chosen,
        "catboost_version": catboost.__version__,
    }
    return SavedFlavor(config=config, pyfunc={"loader_module": loader_module, "data": _FILE}, packages=PACKAGES)


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The model in its own class of CatBoost's.

    Raises:
        NotSupported: the class or the format is not known. Corrupt: the file cannot be read.
    """
    del policy
    catboost = need("catboost", "catboost")
    path = inside(folder, config.get("data"))
    kind, form = config.get("model_type", "CatBoost"), config.get("save_format", "cbm")
    if kind not in _CLASSES or form not in FORMATS:
        raise NotSupported(
            f"{path} is a {kind} in the format {form!r}; Clew reads {', '.join(_CLASSES)} as cbm or json."
        )
    try:
        return getattr(catboost, kind)().load_model(path, format=form)
    except catboost.CatBoostError as error:
        raise Corrupt(f"{path} cannot be read as a CatBoost model: {error}") from error


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """What ``predict`` answers; ``params`` are its keyword arguments."""
    del config
    return model.predict(data, **(params or {}))
