"""The arguments that ``log_model`` and ``save_model`` take for every framework, with MLflow's names.

A framework's door (``clew.xgboost`` …) takes them as ``**arguments: Unpack[LogArguments]``, beside what is the
framework's own, and hands both on to :func:`log_model` and :func:`save_model` here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypedDict

from clew.client import models
from clew.client.models import ModelEntry, ModelInfo
from clew.packaging import save
from clew.packaging.environment import environment
from clew.packaging.save import ModelOptions, refuse
from clew.packaging.signature import ModelSignature

CondaEnv = str | Mapping[str, Any] | None
"""Path of a conda YAML file, or its content; excludes the pip requirements."""


class SharedArguments(TypedDict, total=False):
    """What may be said about a model that is saved or logged; each may be left out.

    code_paths: files and folders copied along, importable while the model loads.
    signature: None infers it from ``input_example``, False leaves it out.
    input_example: data, or a pair (data, params).
    pip_requirements: lines or the path of a file; replaces what is found. extra_pip_requirements: added to it.
    metadata: a free map, kept in the MLmodel file.
    extra_files: not in this version.
    """

    code_paths: Sequence[str] | None
    signature: ModelSignature | bool | None
    input_example: Any
    pip_requirements: str | Sequence[str] | None
    extra_pip_requirements: str | Sequence[str] | None
    metadata: Mapping[str, Any] | None
    extra_files: Sequence[str] | None


class SaveArguments(SharedArguments, total=False):
    """What ``save_model`` takes for every framework.

    mlflow_model: not in this version.
    """

    mlflow_model: object


class LogArguments(SharedArguments, total=False):
    """What ``log_model`` takes for every framework.

    name: the model's name; the second positional argument means the same.
    registered_model_name: the registered model of which this becomes the next version; made if there is none.
    params, tags, model_type: noted with the logged model.
    step: position in training to which the model belongs.
    await_registration_for: accepted; a version is ready at once.
    model_id: not in this version.
    """

    name: str | None
    registered_model_name: str | None
    params: Mapping[str, Any] | None
    tags: Mapping[str, Any] | None
    model_type: str | None
    step: int
    await_registration_for: int | None
    model_id: str | None


_SAVE: Final = frozenset(SaveArguments.__annotations__)
_LOG: Final = frozenset(LogArguments.__annotations__)


def log_model(
    model: object,
    flavor: str,
    artifact_path: str | None,
    conda_env: CondaEnv,
    own: Mapping[str, Any],
    arguments: LogArguments,
) -> ModelInfo:
    """Log a model of a framework to the active run, or to the experiment where no run is active.

    own: the flavor's own options.

    Raises:
        TypeError: an argument is not known.
        InvalidValue: an argument breaks a rule. NotSupported: one is given that this version does not have.
    """
    _check("log_model", arguments, _LOG)
    refuse(model_id=arguments.get("model_id"), extra_files=arguments.get("extra_files"))
    entry = ModelEntry(
        name=arguments.get("name") or artifact_path,
        params=arguments.get("params"),
        tags=arguments.get("tags"),
        model_type=arguments.get("model_type"),
        step=arguments.get("step", 0),
        registered_model_name=arguments.get("registered_model_name"),
    )
    return models.log_model(model, entry, flavor=flavor, options=_options(conda_env, own, arguments))


def save_model(
    model: object, path: str, flavor: str, conda_env: CondaEnv, own: Mapping[str, Any], arguments: SaveArguments
) -> None:
    """Save a model of a framework to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. TypeError, InvalidValue, NotSupported: as for ``log_model``.
    """
    _check("save_model", arguments, _SAVE)
    refuse(mlflow_model=arguments.get("mlflow_model"), extra_files=arguments.get("extra_files"))
    save.save_model(model, path, flavor=flavor, options=_options(conda_env, own, arguments))


def _options(conda_env: CondaEnv, own: Mapping[str, Any], arguments: SharedArguments) -> ModelOptions:
    return ModelOptions(
        signature=arguments.get("signature"),
        input_example=arguments.get("input_example"),
        environment=environment(conda_env, arguments.get("pip_requirements"), arguments.get("extra_pip_requirements")),
        code_paths=arguments.get("code_paths") or (),
        metadata=arguments.get("metadata"),
        flavor_options=own,
    )


def _check(function: str, arguments: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = next((name for name in arguments if name not in known), None)
    if unknown is not None:
        raise TypeError(f"{function}() got an unexpected keyword argument {unknown!r}")
