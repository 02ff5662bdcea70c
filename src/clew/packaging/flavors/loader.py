"""Models with a loader of their own: a module with ``_load_pyfunc(path)``, among the model's code or installed."""

from __future__ import annotations

import importlib
import inspect
import os
import shutil
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import Denied, InvalidValue, NotSupported
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.manifest import inside

name: Final = "loader"
loader_module: Final = ""


def matches(model: object) -> bool:
    """Never: such models are named, not found."""
    del model
    return False


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Copy the model's data.

    model: name of the loader module. options: ``data_path``, a file or folder that the loader is given;
    ``model_config``.

    Raises:
        InvalidValue: the data do not exist.
    """
    config: dict[str, Any] = {"loader_module": str(model)}
    if options.get("model_config"):
        config["config"] = dict(options["model_config"])
    source = options.get("data_path")
    if source is not None:
        if not os.path.exists(source):
            raise InvalidValue(f"data_path names {source}, which does not exist.")
        config["data"] = f"data/{os.path.basename(os.path.abspath(source))}"
        target = os.path.join(folder, *config["data"].split("/"))
        os.makedirs(os.path.dirname(target))
        copy = shutil.copytree if os.path.isdir(source) else shutil.copyfile
        copy(source, target)
    return SavedFlavor(config={}, pyfunc=config, packages=[], modules=[str(model)])


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> Any:
    """What the loader module makes of the model's data.

    Raises:
        Denied: the policy forbids code.
        NotSupported: the module cannot be imported, or has no ``_load_pyfunc``.
    """
    module_name = str(config.get("loader_module"))
    if policy.trust != "pickle":
        raise Denied(
            f"The model in {folder} is loaded by the module {module_name!r}, which is code, and it was not logged by "
            "you into your own store with its sums intact. If you trust who wrote it, load it with trust='pickle'."
        )
    try:
        loader = importlib.import_module(module_name)._load_pyfunc  # noqa: SLF001 - MLflow's name for it
    except (ImportError, AttributeError) as error:
        raise NotSupported(
            f"The model asks for the loader {module_name!r}, which Clew does not know and Python cannot import: "
            f"{error}."
        ) from error
    data = config.get("data")
    path = inside(folder, data) if data else folder
    settings = {**(config.get("config") or {}), **(policy.model_config or {})}
    if settings and "model_config" in inspect.signature(loader).parameters:
        return loader(path, model_config=settings)
    return loader(path)


def predict(model: Any, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None) -> Any:
    """The model's answer; ``params`` go along where its ``predict`` takes them."""
    del config
    if params and "params" in inspect.signature(model.predict).parameters:
        return model.predict(data, params=dict(params))
    return model.predict(data)
