"""``clew.statsmodels``: results of statsmodels saved, logged and loaded, autologging, by MLflow's names."""

from __future__ import annotations

from typing import Any, Unpack

from clew.client import modelarguments as _arguments
from clew.client import models as _models
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.integrations.switches import statsmodels_autolog as autolog
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust
from clew.packaging.flavors.statsmodels import PACKAGES

__all__ = ["autolog", "get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    statsmodels_model: object,
    artifact_path: str | None = None,
    conda_env: CondaEnv = None,
    *,
    remove_data: bool = False,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a result of statsmodels, a pickle, to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    remove_data: leave the training data out; the object itself keeps them.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule. NotSupported: one is given that this version does not have.
    """
    own = {"remove_data": remove_data}
    return _arguments.log_model(statsmodels_model, "statsmodels", artifact_path, conda_env, own, arguments)


def save_model(
    statsmodels_model: object,
    path: str,
    conda_env: CondaEnv = None,
    *,
    remove_data: bool = False,
    **arguments: Unpack[SaveArguments],
) -> None:
    """Save a result of statsmodels to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    _arguments.save_model(statsmodels_model, path, "statsmodels", conda_env, {"remove_data": remove_data}, arguments)


def load_model(model_uri: str, dst_path: str | None = None, *, trust: Trust | None = None) -> Any:
    """The result that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    trust: ``pickle`` lets the model run code while it loads. Without it, that is allowed only to models that you
    logged into your own store and that have not changed since.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    return _models.load_native(model_uri, "statsmodels", dst_path=dst_path, trust=trust)


def get_default_pip_requirements() -> list[str]:
    """The pinned requirements of a statsmodels model."""
    return requirements(PACKAGES)


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment of a statsmodels model."""
    return _conda_env(get_default_pip_requirements())
