"""``clew.onnx``: ONNX models saved, logged and loaded. The names and arguments are MLflow's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from clew.client import modelarguments as _arguments
from clew.client import models as _models
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust

__all__ = ["get_default_conda_env", "get_default_pip_requirements", "load_model", "log_model", "save_model"]


def log_model(
    onnx_model: object,
    artifact_path: str | None = None,
    conda_env: CondaEnv = None,
    *,
    onnx_execution_providers: Sequence[Any] | None = None,
    onnx_session_options: Mapping[str, Any] | None = None,
    save_as_external_data: bool = True,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log an ``onnx.ModelProto`` to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    onnx_execution_providers: in the order in which onnxruntime tries them; default CUDA, then the processor.
    onnx_session_options: ``inter_op_num_threads``, ``intra_op_num_threads``, ``execution_mode`` (sequential or
    parallel), ``graph_optimization_level``, ``extra_session_config``.
    save_as_external_data: large tensors lie in files of their own.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule. NotSupported: one is given that this version does not have.
    """
    own = _own(onnx_execution_providers, onnx_session_options, save_as_external_data)
    return _arguments.log_model(onnx_model, "onnx", artifact_path, conda_env, own, arguments)


def save_model(
    onnx_model: object,
    path: str,
    conda_env: CondaEnv = None,
    *,
    onnx_execution_providers: Sequence[Any] | None = None,
    onnx_session_options: Mapping[str, Any] | None = None,
    save_as_external_data: bool = True,
    **arguments: Unpack[SaveArguments],
) -> None:
    """Save an ``onnx.ModelProto`` to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    own = _own(onnx_execution_providers, onnx_session_options, save_as_external_data)
    _arguments.save_model(onnx_model, path, "onnx", conda_env, own, arguments)


def load_model(model_uri: str, dst_path: str | None = None, *, trust: Trust | None = None) -> Any:
    """The ``onnx.ModelProto`` that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    trust: accepted; the format runs no code.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    return _models.load_native(model_uri, "onnx", dst_path=dst_path, trust=trust)


def get_default_pip_requirements() -> list[str]:
    """The pinned requirements of an ONNX model."""
    return requirements(["onnx", "onnxruntime", "numpy"])


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment of an ONNX model."""
    return _conda_env(get_default_pip_requirements())


def _own(providers: Sequence[Any] | None, session: Mapping[str, Any] | None, external: bool) -> dict[str, Any]:
    return {
        "onnx_execution_providers": providers,
        "onnx_session_options": session,
        "save_as_external_data": external,
    }
