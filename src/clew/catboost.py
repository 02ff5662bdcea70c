"""``clew.catboost``: models of CatBoost saved, logged and loaded, and autologging; names and arguments are MLflow's."""

from __future__ import annotations

from typing import Any, Unpack

from clew.client import modelarguments as _arguments
from clew.client import models as _models
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.integrations.switches import catboost_autolog as autolog
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust
from clew.packaging.flavors.catboost import PACKAGES

__all__ = ["autolog", "get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    cb_model: object,
    artifact_path: str | None = None,
    conda_env: CondaEnv = None,
    *,
    format: str = "cbm",  # noqa: A002 - CatBoost's own name
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a model of CatBoost's to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    format: ``cbm`` or ``json``.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule. NotSupported: one is given that this version does not have.
    """
    own = {"format": format}
    return _arguments.log_model(cb_model, "catboost", artifact_path, conda_env, own, arguments)


def save_model(
    cb_model: object,
    path: str,
    conda_env: CondaEnv = None,
    *,
    format: str = "cbm",  # noqa: A002 - CatBoost's own name
    **arguments: Unpack[SaveArguments],
) -> None:
    """Save a model of CatBoost's to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    _arguments.save_model(cb_model, path, "catboost", conda_env, {"format": format}, arguments)


def load_model(model_uri: str, dst_path: str | None = None, *, trust: Trust | None = None) -> Any:
    """The model that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    trust: taken as everywhere; CatBoost's formats run no code.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    return _models.load_native(model_uri, "catboost", dst_path=dst_path, trust=trust)


def get_default_pip_requirements() -> list[str]:
    """The pinned requirements of a CatBoost model."""
    return requirements(PACKAGES)


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment of a CatBoost model."""
    return _conda_env(get_default_pip_requirements())
