"""LightGBM models: boosters in its own text format, which runs no code, estimators as scikit-learn's are kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import Corrupt
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.flavors.estimatorfile import read_estimator, write_estimator
from clew.packaging.flavors.framework import class_name, is_instance, need
from clew.packaging.manifest import inside

name: Final = "lightgbm"
loader_module: Final = "mlflow.lightgbm"
PACKAGES: Final = ("lightgbm", "numpy", "scipy", "pandas")
_BOOSTER: Final = "lightgbm.basic.Booster"
_FILE: Final = "model.lgb"


def matches(model: object) -> bool:
    """Whether it is a booster or an estimator of LightGBM's."""
    return is_instance(model, "lightgbm", "Booster", "LGBMModel")


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``model.lgb`` for a booster, ``model.skops`` or ``model.pkl`` for an estimator.

    options: of estimators, as for scikit-learn: ``serialization_format``, ``skops_trusted_types``, ``silent``.

    Raises:
        InvalidValue: unknown format, or one was asked for that cannot hold this model.
    """
    lightgbm = need("lightgbm", "lightgbm")
    config: dict[str, Any] = {"model_class": class_name(model), "lgb_version": lightgbm.__version__}
    packages, modules = [*PACKAGES], [type(model).__module__]
    if isinstance(model, lightgbm.Booster):
        config["data"], config["model_class"] = _FILE, _BOOSTER
        model.save_model(os.path.join(folder, _FILE))
    else:
        vouched = tuple(options.get("skops_trusted_types") or ())
        file = write_estimator(model, folder, options.get("serialization_format"), vouched, bool(options.get("silent")))
        config |= {
            "data": file.name,
            "serialization_format": file.form,
            # MLflow's loader asks for this list; ours never reads it.
            "skops_trusted_types": file.types or None,
        }
        packages += ["scikit-learn", *([] if file.form == "pickle" else [file.form])]
        modules = file.modules
    pyfunc = {"loader_module": loader_module, "data": config["data"]}
    return SavedFlavor(config=config, pyfunc=pyfunc, packages=packages, modules=modules)


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The booster or estimator.

    Raises:
        Denied: the file may run code, or holds classes that are not trusted, and the policy forbids that.
        Corrupt: the file cannot be read.
    """
    lightgbm = need("lightgbm", "lightgbm")
    path = inside(folder, config.get("data"))
    if config.get("model_class", _BOOSTER) != _BOOSTER:
        return read_estimator(path, config.get("serialization_format", "cloudpickle"), policy)
    try:
        return lightgbm.Booster(model_file=path)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise Corrupt(f"{path} cannot be read as a LightGBM model: {error}") from error


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """What ``predict`` answers; ``params`` are its keyword arguments."""
    del config
    return model.predict(data, **(params or {}))
