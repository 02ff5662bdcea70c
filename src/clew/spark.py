"""``clew.spark``: models of Spark ML saved, logged and loaded, and the data that Spark reads logged by themselves.

The names and arguments are MLflow's.
"""

from __future__ import annotations

from typing import Any, Unpack

from clew.client import modelarguments as _arguments
from clew.client import sparkmodels as _spark
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.integrations.switches import spark_autolog as autolog
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust
from clew.packaging.flavors.spark import PACKAGES

__all__ = ["autolog", "get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    spark_model: object,
    artifact_path: str | None = None,
    conda_env: CondaEnv = None,
    *,
    dfs_tmpdir: str | None = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a fitted model or pipeline of Spark ML to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    dfs_tmpdir: a folder of the cluster's file system through which the model passes; a local session needs none.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule, or Spark cannot write the model.
        NotSupported: an argument is given that this version does not have.
    """
    own = {"dfs_tmpdir": dfs_tmpdir}
    return _arguments.log_model(spark_model, "spark", artifact_path, conda_env, own, arguments)


def save_model(
    spark_model: object,
    path: str,
    conda_env: CondaEnv = None,
    *,
    dfs_tmpdir: str | None = None,
    **arguments: Unpack[SaveArguments],
) -> None:
    """Save a model of Spark ML to the new directory ``path`` of this machine; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    _arguments.save_model(spark_model, path, "spark", conda_env, {"dfs_tmpdir": dfs_tmpdir}, arguments)


def load_model(
    model_uri: str, dfs_tmpdir: str | None = None, dst_path: str | None = None, *, trust: Trust | None = None
) -> Any:
    """The ``PipelineModel`` that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    It is read by the active Spark session, or by a local one that is made for it.

    dfs_tmpdir: a folder of the cluster's file system where the files lie while the model is used.
    trust: ``pickle`` allows stages that are not Spark's own, and SQL in them.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    return _spark.load_model(model_uri, dfs_tmpdir=dfs_tmpdir, dst_path=dst_path, trust=trust)


def get_default_pip_requirements() -> list[str]:
    """The pinned requirements of a Spark ML model."""
    return requirements(PACKAGES)


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment of a Spark ML model."""
    return _conda_env(get_default_pip_requirements())
