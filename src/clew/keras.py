"""``clew.keras``: Keras 3 models saved, logged and loaded, and autologging for Keras.

The names and arguments are MLflow's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from clew.client import modelarguments as _arguments
from clew.client import models as _models
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.errors import InvalidValue
from clew.integrations.switch import switch_own
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust
from clew.packaging.save import refuse

__all__ = ["autolog", "get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    model: object,
    artifact_path: str | None = None,
    save_exported_model: bool = False,
    conda_env: CondaEnv = None,
    *,
    save_model_kwargs: Mapping[str, Any] | None = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a Keras model to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    save_exported_model: not in this version, which writes ``.keras`` files.
    save_model_kwargs: further arguments of ``keras.Model.save``.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule. NotSupported: one is given that this version does not have.
    """
    refuse(save_exported_model=save_exported_model or None)
    del save_exported_model
    own = {"save_model_kwargs": save_model_kwargs}
    return _arguments.log_model(model, "keras", artifact_path, conda_env, own, arguments)


def save_model(
    model: object,
    path: str,
    save_exported_model: bool = False,
    conda_env: CondaEnv = None,
    *,
    save_model_kwargs: Mapping[str, Any] | None = None,
    **arguments: Unpack[SaveArguments],
) -> None:
    """Save a Keras model to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    refuse(save_exported_model=save_exported_model or None)
    del save_exported_model
    _arguments.save_model(model, path, "keras", conda_env, {"save_model_kwargs": save_model_kwargs}, arguments)


def load_model(
    model_uri: str,
    dst_path: str | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    load_model_kwargs: Mapping[str, Any] | None = None,
    *,
    trust: Trust | None = None,
) -> Any:
    """The Keras model that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    custom_objects: name -> class or function of yours that the model holds.
    load_model_kwargs: further arguments of ``keras.saving.load_model``.
    trust: ``pickle`` lets the model run code while it loads (its lambdas). Without it, that is allowed only to models
    that you logged into your own store and that have not changed since.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    settings = {"custom_objects": custom_objects, "load_model_kwargs": load_model_kwargs}
    return _models.load_native(model_uri, "keras", dst_path=dst_path, trust=trust, settings=settings)


def autolog(
    log_every_epoch: bool = True,
    log_every_n_steps: int | None = None,
    log_models: bool = True,
    log_model_signatures: bool = True,
    save_exported_model: bool = False,
    log_datasets: bool = True,
    log_input_examples: bool = False,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    save_model_kwargs: Mapping[str, Any] | None = None,
    extra_tags: Mapping[str, str] | None = None,
    *,
    log_every_n_epoch: int = 1,
) -> None:
    """Log every ``keras.Model.fit``; these options win over those of ``clew.autolog``.

    log_every_epoch: write the metrics of every epoch. log_every_n_steps: of every so many steps instead.
    log_every_n_epoch: write the metrics of so many epochs' last.
    save_model_kwargs: further arguments of ``keras.Model.save`` for the model that is kept.
    registered_model_name: the registered model of which each trained model becomes the next version.
    disable_for_unsupported_versions: leave versions alone that are older than docs/autolog.md says.

    Raises:
        InvalidValue: metrics of both epochs and steps are asked for, or of neither.
        NotSupported: ``save_exported_model``.
    """
    refuse(save_exported_model=save_exported_model or None)
    del save_exported_model
    if log_every_epoch == (log_every_n_steps is not None):
        raise InvalidValue(
            "Metrics go by epoch or by step: log_every_n_steps needs log_every_epoch=False, and vice versa."
        )
    switch_own("keras", locals())


def get_default_pip_requirements() -> list[str]:
    """The pinned requirements of a Keras model."""
    return requirements(["keras", "numpy"])


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment of a Keras model."""
    return _conda_env(get_default_pip_requirements())
