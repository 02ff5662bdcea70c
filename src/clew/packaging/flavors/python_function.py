"""Models of Python: instances of ``PythonModel``, functions, and scripts that define one.

The first two are pickled, which runs code on loading; a script is code itself. So all of them need trust.
"""

from __future__ import annotations

import inspect
import os
import pickle
import shutil
from collections.abc import Mapping
from typing import Any, Final

from clew.errors import Corrupt, Denied, InvalidValue, MissingPackage
from clew.packaging import codemodel, pythonmodel
from clew.packaging.flavor import LoadPolicy, SavedFlavor
from clew.packaging.manifest import inside
from clew.packaging.picklescan import modules_of_pickle
from clew.packaging.pythonmodel import FunctionModel, PythonModel, PythonModelContext, TypeHints

name: Final = "python_function"
loader_module: Final = "mlflow.pyfunc.model"
CODE_LOADER: Final = "mlflow.pyfunc.loaders.code_model"
FILE: Final = "python_model.pkl"
_MLFLOWS: Final[Mapping[tuple[str, str], type]] = {
    ("mlflow.pyfunc", "PythonModel"): PythonModel,
    ("mlflow.pyfunc.model", "PythonModel"): PythonModel,
    ("mlflow.pyfunc.model", "PythonModelContext"): PythonModelContext,
    ("mlflow.pyfunc.model", "_FunctionPythonModel"): FunctionModel,
    ("mlflow.models.signature", "_TypeHints"): TypeHints,
}
"""Classes that a model saved by MLflow names, and what stands for them here."""


class LoadedModel:
    """A model with its context. model: anything with MLflow's ``predict``."""

    def __init__(self, model: Any, context: PythonModelContext) -> None:
        self.model = FunctionModel(model) if callable(model) and not hasattr(model, "predict") else model
        self.context = context
        if hasattr(self.model, "load_context"):
            self.model.load_context(context=context)

    def predict(self, data: Any, params: Mapping[str, object] | None = None) -> Any:
        """The model's answer."""
        arguments = inspect.signature(self.model.predict).parameters
        given = {"params": dict(params or {})} if "params" in arguments else {}
        if "context" in arguments:
            return self.model.predict(self.context, data, **given)
        return self.model.predict(data, **given)


def matches(model: object) -> bool:
    """Whether the model derives from ``PythonModel``."""
    return isinstance(model, PythonModel)


def save(model: Any, folder: str, options: Mapping[str, Any]) -> SavedFlavor:
    """Write ``python_model.pkl``, or the script that defines the model, and the model's artifacts.

    model: a ``PythonModel``, a function of the input (and ``params``), or the path of a script.
    options: ``artifacts`` (name -> path of a file or folder), ``model_config``.

    Raises:
        InvalidValue: it is none of these, ``predict`` has other arguments, or it cannot be pickled.
        MissingPackage: cloudpickle is not installed.
    """
    config: dict[str, Any] = {"artifacts": _copy_artifacts(folder, options.get("artifacts") or {})}
    if options.get("model_config"):
        config["config"] = dict(options["model_config"])
    if isinstance(model, str | os.PathLike):
        config |= _copy_script(os.fspath(model), folder)
        packages, modules = [], set[str]()
    else:
        cloudpickle = _cloudpickle()
        _pickle(_checked(model), os.path.join(folder, FILE), cloudpickle)
        config |= {
            "loader_module": loader_module,
            "python_model": FILE,
            "cloudpickle_version": cloudpickle.__version__,
        }
        packages, modules = ["cloudpickle"], modules_of_pickle(os.path.join(folder, FILE))
    kept = {key: value for key, value in config.items() if value}
    # Read back, so that what cannot be loaded is found while its maker is there.
    ready = load(folder, kept, LoadPolicy("pickle"))
    return SavedFlavor(config={}, pyfunc=kept, packages=packages, modules=sorted(modules), ready=ready)


def load(folder: str, config: Mapping[str, Any], policy: LoadPolicy) -> LoadedModel:
    """The model, its context prepared.

    Raises:
        Denied: the policy forbids code, which every such model is.
        Corrupt: the pickle cannot be read. InvalidValue: the script defines no model.
    """
    if policy.trust != "pickle":
        raise Denied(
            f"The model in {folder} is Python code, which runs while it loads, and it was not logged by you into your "
            "own store with its sums intact. If you trust who wrote it, load it with trust='pickle'."
        )
    settings = {**_mapping(config.get("config")), **(policy.model_config or {})}
    context = PythonModelContext(_artifacts(folder, config), settings)
    if script := config.get("model_code_path"):
        # MLflow notes the path that its author had; the file lies in the model's folder.
        return LoadedModel(codemodel.model_of(inside(folder, os.path.basename(str(script)))), context)
    return LoadedModel(_unpickle(inside(folder, config.get("python_model"))), context)


def predict(
    model: LoadedModel, data: Any, config: Mapping[str, Any], params: Mapping[str, object] | None = None
) -> Any:
    """The model's answer."""
    del config
    return model.predict(data, params)


def _checked(model: Any) -> Any:
    """The model, if it can be asked.

    Raises:
        InvalidValue: it is neither a PythonModel nor a function, or its arguments have other names.
    """
    if not isinstance(model, PythonModel):
        if not callable(model):
            raise InvalidValue(
                "python_model must be a PythonModel, a function, or the path of a script that calls "
                f"clew.models.set_model; it is a {type(model).__name__}."
            )
        return FunctionModel(model)
    names = list(inspect.signature(model.predict).parameters)
    others = [argument for argument in names if argument not in ("context", "params")]
    if len(others) != 1 or names.index(others[0]) != ("context" in names) or names[-1] not in ("params", others[0]):
        raise InvalidValue(
            f"{type(model).__name__}.predict has the arguments ({', '.join(names)}); it must be "
            "(context, model_input), with params=None behind it if the model has any, and context may be left out."
        )
    if list(inspect.signature(model.load_context).parameters) != ["context"]:
        raise InvalidValue(f"{type(model).__name__}.load_context must have one argument of the name context.")
    return model


def _copy_artifacts(folder: str, artifacts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    copied: dict[str, dict[str, str]] = {}
    for key, source in artifacts.items():
        if not os.path.exists(source):
            raise InvalidValue(f"The artifact {key!r} names {source}, which does not exist.")
        path = f"artifacts/{key}/{os.path.basename(os.path.abspath(source))}"
        target = os.path.join(folder, *path.split("/"))
        os.makedirs(os.path.dirname(target))
        if os.path.isdir(source):
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
        copied[key] = {"path": path, "uri": path}
    return copied


def _artifacts(folder: str, config: Mapping[str, Any]) -> dict[str, str]:
    listed = _mapping(config.get("artifacts"))
    return {key: inside(folder, _mapping(entry).get("path")) for key, entry in listed.items()}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _copy_script(script: str, folder: str) -> dict[str, str]:
    if not script.endswith(".py") or not os.path.isfile(script):
        raise InvalidValue(f"python_model names {script!r}, which is no Python script on this machine.")
    file = os.path.basename(script)
    shutil.copyfile(script, os.path.join(folder, file))
    return {"loader_module": CODE_LOADER, "model_code_path": file}


def _pickle(model: Any, path: str, cloudpickle: Any) -> None:
    # By value, so that the model loads where Clew is not installed.
    cloudpickle.register_pickle_by_value(pythonmodel)
    try:
        with open(path, "wb") as file:
            cloudpickle.dump(model, file, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidValue(f"{type(model).__name__} cannot be pickled: {error}.") from error
    finally:
        cloudpickle.unregister_pickle_by_value(pythonmodel)


class _Unpickler(pickle.Unpickler):
    """Reads models of MLflow's without MLflow."""

    def find_class(self, module: str, name: str) -> Any:
        ours = _MLFLOWS.get((module, name))
        return ours if ours is not None else super().find_class(module, name)


def _unpickle(path: str) -> Any:
    _cloudpickle()
    try:
        with open(path, "rb") as file:
            return _Unpickler(file).load()
    except (pickle.UnpicklingError, EOFError, IndexError, UnicodeDecodeError) as error:
        raise Corrupt(f"{path} is a damaged pickle: {error}.") from error
    except ImportError as error:
        raise MissingPackage(
            f"The model needs a module that is not installed here: {error}. Install the model's requirements.txt; a "
            "module of your own goes along with the model if it is logged with code_paths."
        ) from error


def _cloudpickle() -> Any:
    try:
        import cloudpickle
    except ImportError:
        raise MissingPackage("Models of Python need cloudpickle: pip install 'clew[sklearn]'") from None
    return cloudpickle
