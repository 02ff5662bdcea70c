"""``clew.lightgbm``: LightGBM models saved, logged and loaded, and autologging; names and arguments are MLflow's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from clew.client import modelarguments as _arguments
from clew.client import models as _models
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.integrations.switches import lightgbm_autolog as autolog
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust
from clew.packaging.flavors.lightgbm import PACKAGES

__all__ = ["autolog", "get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    lgb_model: object,
    artifact_path: str | None = None,
    conda_env: CondaEnv = None,
    *,
    serialization_format: str | None = None,
    skops_trusted_types: Sequence[str] | None = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a booster or an estimator of LightGBM's to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    serialization_format: of estimators: ``skops``, ``cloudpickle`` or ``pickle``; None takes skops, and cloudpickle,
    with a line in the log, where skops cannot hold it. Boosters have LightGBM's own format.
    skops_trusted_types: classes in an estimator that you vouch for.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule. NotSupported: one is given that this version does not have.
    """
    own = {"serialization_format": serialization_format, "skops_trusted_types": skops_trusted_types}
    return _arguments.log_model(lgb_model, "lightgbm", artifact_path, conda_env, own, arguments)


def save_model(
    lgb_model: object,
    path: str,
    conda_env: CondaEnv = None,
    *,
    serialization_format: str | None = None,
    skops_trusted_types: Sequence[str] | None = None,
    **arguments: Unpack[SaveArguments],
) -> None:
    """Save a booster or an estimator of LightGBM's to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    _arguments.save_model(
        lgb_model,
        path,
        "lightgbm",
        conda_env,
        {"serialization_format": serialization_format, "skops_trusted_types": skops_trusted_types},
        arguments,
    )


def load_model(
    model_uri: str, dst_path: str | None = None, *, trust: Trust | None = None, trusted_types: Sequence[str] = ()
) -> Any:
    """The booster or estimator that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    trust: ``pickle`` lets the model run code while it loads. Without it, that is allowed only to models that you
    logged into your own store and that have not changed since. Boosters run none.
    trusted_types: classes that a skops file may hold beyond Clew's list.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    return _models.load_native(model_uri, "lightgbm", dst_path=dst_path, trust=trust, trusted_types=trusted_types)


def get_default_pip_requirements(include_cloudpickle: bool = False, include_skops: bool = False) -> list[str]:
    """The pinned requirements of a LightGBM model: of a booster, and with either format's package of an estimator."""
    forms = [name for name, wanted in (("cloudpickle", include_cloudpickle), ("skops", include_skops)) if wanted]
    return requirements([*PACKAGES, *(["scikit-learn", *forms] if forms else [])])


def get_default_conda_env(include_cloudpickle: bool = False, include_skops: bool = False) -> dict[str, Any]:
    """The conda environment of a LightGBM model; arguments as for :func:`get_default_pip_requirements`."""
    return _conda_env(get_default_pip_requirements(include_cloudpickle, include_skops))
