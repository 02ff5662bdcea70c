"""Keras 3 models: ``data/model.keras``, which Keras reads in its safe mode unless the model is trusted."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import Corrupt, Denied, InvalidValue, MissingPackage, NotSupported
from clew.packaging import inference
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.manifest import inside

name: Final = "keras"
loader_module: Final = "mlflow.keras"

_FOLDER: Final = "data"
_FILE: Final = "model.keras"
_MODULE_INFO: Final = "keras_module.txt"
_BACKENDS: Final = {"torch": "torch", "tensorflow": "tensorflow", "jax": "jax", "openvino": "openvino"}


def matches(model: object) -> bool:
    """Whether the model is a ``keras.Model``; without Keras imported nothing is."""
    module = sys.modules.get("keras")
    return module is not None and hasattr(module, "Model") and isinstance(model, module.Model)


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``data/model.keras``.

    options: ``save_model_kwargs`` (further arguments of ``keras.Model.save``).

    Raises:
        InvalidValue: no Keras model, or Keras cannot save it. NotSupported: Keras is older than 3.
    """
    keras = _keras()
    if not isinstance(model, keras.Model):
        raise InvalidValue(f"model must be a keras.Model; it is a {type(model).__name__}.")
    os.makedirs(os.path.join(folder, _FOLDER))
    with open(os.path.join(folder, _FOLDER, _MODULE_INFO), "w", encoding="utf-8") as file:
        file.write("keras")
    try:
        model.save(os.path.join(folder, _FOLDER, _FILE), **(options.get("save_model_kwargs") or {}))
    except (TypeError, ValueError, NotImplementedError) as error:
        raise InvalidValue(f"Keras cannot save {type(model).__name__}: {error}.") from error
    backend = str(keras.config.backend())
    return SavedFlavor(
        config={
            "data": _FOLDER,
            "keras_version": str(keras.__version__),
            "keras_backend": backend,
            "save_exported_model": False,
        },
        pyfunc={"loader_module": loader_module},
        packages=["keras", "numpy", *([_BACKENDS[backend]] if backend in _BACKENDS else [])],
        modules=sorted({type(part).__module__ for part in getattr(model, "layers", ())} | {type(model).__module__}),
    )


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """The model.

    ``policy.model_config`` may hold ``custom_objects`` (name -> class or function) and ``load_model_kwargs`` of
    ``keras.saving.load_model``.

    Raises:
        Denied: it holds code (a lambda) or a class that Keras does not know, and the policy forbids code.
        Corrupt: the file cannot be read.
        NotSupported: it was exported by TensorFlow.
    """
    keras = _keras()
    if config.get("save_exported_model"):
        raise NotSupported(f"The model in {folder} is an exported TensorFlow program; save it without that option.")
    path = inside(inside(folder, config.get("data") or _FOLDER), _FILE)
    settings = policy.model_config or {}
    more = {"safe_mode": policy.trust != "pickle", **(settings.get("load_model_kwargs") or {})}
    try:
        return keras.saving.load_model(path, custom_objects=settings.get("custom_objects"), **more)
    except (ValueError, TypeError, KeyError, OSError) as error:
        if "safe_mode" in str(error) or "unsafe" in str(error).lower():
            raise Denied(
                f"{path} holds code, which Keras runs only for models that you trust; then load it with trust='pickle'."
            ) from error
        raise Corrupt(f"{path} cannot be read as a Keras model: {str(error).strip().splitlines()[0]}") from error


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """What ``model.predict`` answers, without its progress bar: an array; for a frame, a frame with its index.

    data: a frame, an array, or a list or dict of arrays for a model of several inputs.

    Raises:
        InvalidValue: data of another kind.
    """
    del config, params  # Keras takes none
    if inference.is_frame(data):
        import pandas

        return pandas.DataFrame(model.predict(data.to_numpy(), verbose=0), index=data.index)
    if not isinstance(data, list | tuple | dict) and (not hasattr(data, "dtype") or inference.is_series(data)):
        raise InvalidValue(f"A Keras model takes an array or a data frame, not a {type(data).__name__}.")
    return model.predict(data, verbose=0)


def _keras() -> Any:
    try:
        import keras
    except ImportError as error:
        raise MissingPackage(
            f"Keras models need keras and a backend: pip install keras torch; KERAS_BACKEND chooses ({error})."
        ) from None
    if not str(keras.__version__).startswith("3"):
        raise NotSupported(f"Keras {keras.__version__} is installed; this flavor is of Keras 3.")
    return keras
