"""``clew.prophet``: forecasters of Prophet saved, logged and loaded, autologging, by MLflow's names."""

from __future__ import annotations

from typing import Any, Unpack

from clew.client import modelarguments as _arguments
from clew.client import models as _models
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.integrations.switches import prophet_autolog as autolog
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust
from clew.packaging.flavors.prophet import PACKAGES

__all__ = ["autolog", "get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    pr_model: object,
    artifact_path: str | None = None,
    conda_env: CondaEnv = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a fitted forecaster, as JSON, to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule, or the model is not fitted.
        NotSupported: an argument is given that this version does not have.
    """
    return _arguments.log_model(pr_model, "prophet", artifact_path, conda_env, {}, arguments)


def save_model(pr_model: object, path: str, conda_env: CondaEnv = None, **arguments: Unpack[SaveArguments]) -> None:
    """Save a fitted forecaster to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    _arguments.save_model(pr_model, path, "prophet", conda_env, {}, arguments)


def load_model(model_uri: str, dst_path: str | None = None, *, trust: Trust | None = None) -> Any:
    """The forecaster that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    What Stan left of the fit is not kept, nor are the models that forecast a regressor.

    trust: taken as everywhere; JSON runs no code.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    return _models.load_native(model_uri, "prophet", dst_path=dst_path, trust=trust)


def get_default_pip_requirements() -> list[str]:
    """The pinned requirements of a forecaster."""
    return requirements(PACKAGES)


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment of a forecaster."""
    return _conda_env(get_default_pip_requirements())
