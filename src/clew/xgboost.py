"""``clew.xgboost``: XGBoost models saved, logged and loaded, and autologging; names and arguments are MLflow's."""

from __future__ import annotations

from typing import Any, Unpack

from clew.client import modelarguments as _arguments
from clew.client import models as _models
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.integrations.switches import xgboost_autolog as autolog
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust
from clew.packaging.flavors.xgboost import PACKAGES

__all__ = ["autolog", "get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    xgb_model: object,
    artifact_path: str | None = None,
    conda_env: CondaEnv = None,
    *,
    model_format: str = "ubj",
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a booster or an estimator of XGBoost's to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    model_format: ``ubj`` or ``json``.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule. NotSupported: one is given that this version does not have.
    """
    own = {"model_format": model_format}
    return _arguments.log_model(xgb_model, "xgboost", artifact_path, conda_env, own, arguments)


def save_model(
    xgb_model: object,
    path: str,
    conda_env: CondaEnv = None,
    *,
    model_format: str = "ubj",
    **arguments: Unpack[SaveArguments],
) -> None:
    """Save a model of XGBoost's to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    _arguments.save_model(xgb_model, path, "xgboost", conda_env, {"model_format": model_format}, arguments)


def load_model(model_uri: str, dst_path: str | None = None, *, trust: Trust | None = None) -> Any:
    """The booster or estimator that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    trust: ``pickle`` lets a class of the author's own be imported; XGBoost's formats themselves run no code.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    return _models.load_native(model_uri, "xgboost", dst_path=dst_path, trust=trust)


def get_default_pip_requirements() -> list[str]:
    """The pinned requirements of an XGBoost model."""
    return requirements(PACKAGES)


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment of an XGBoost model."""
    return _conda_env(get_default_pip_requirements())
