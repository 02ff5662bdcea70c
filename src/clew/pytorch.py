"""``clew.pytorch``: PyTorch models and state dicts saved, logged and loaded, and autologging for PyTorch and Lightning.

The names and arguments are MLflow's; ``watch`` and ``ClewLogger`` are Clew's own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from clew.client import files as _files
from clew.client import modelarguments as _arguments
from clew.client import models as _models
from clew.client.artifacts import download_artifacts as _download
from clew.client.modelarguments import CondaEnv, LogArguments, SaveArguments
from clew.client.models import ModelInfo
from clew.errors import InvalidValue
from clew.integrations.switch import switch_own
from clew.packaging.environment import conda_env as _conda_env
from clew.packaging.environment import requirements
from clew.packaging.flavor import Trust
from clew.packaging.flavors import pytorch as _flavor

if TYPE_CHECKING:
    from clew.integrations.pytorch.watch import Watch

__all__ = [
    "autolog",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "load_model",
    "load_state_dict",
    "log_model",
    "log_state_dict",
    "save_model",
    "save_state_dict",
    "watch",
]


def log_model(
    pytorch_model: object,
    artifact_path: str | None = None,
    conda_env: CondaEnv = None,
    *,
    serialization_format: str | None = None,
    export_model: bool = False,
    pickle_module: object = None,
    **arguments: Unpack[LogArguments],
) -> ModelInfo:
    """Log a ``torch.nn.Module`` to the active run, or to the experiment where no run is active.

    artifact_path: the model's name; ``name=`` means the same.
    serialization_format: ``pt2``, a program that ``torch.export`` makes from the module in evaluation mode and an
    ``input_example`` (array or tensor), or ``pickle``. None takes pt2, and a pickle, with a line in the log, where
    there is no example or the module cannot be exported.
    export_model: MLflow's older word for pt2.
    pickle_module: accepted; a pickle is cloudpickle's.
    arguments: those that every framework takes; see :class:`clew.models.LogArguments`.

    Raises:
        InvalidValue: an argument breaks a rule. NotSupported: one is given that this version does not have.
    """
    del pickle_module
    own = {"serialization_format": "pt2" if export_model else serialization_format}
    return _arguments.log_model(pytorch_model, "pytorch", artifact_path, conda_env, own, arguments)


def save_model(
    pytorch_model: object,
    path: str,
    conda_env: CondaEnv = None,
    *,
    serialization_format: str | None = None,
    export_model: bool = False,
    pickle_module: object = None,
    **arguments: Unpack[SaveArguments],
) -> None:
    """Save a ``torch.nn.Module`` to the new directory ``path``; arguments as for :func:`log_model`.

    Raises:
        AlreadyExists: ``path`` is there and not empty. InvalidValue, NotSupported: as for ``log_model``.
    """
    del pickle_module
    own = {"serialization_format": "pt2" if export_model else serialization_format}
    _arguments.save_model(pytorch_model, path, "pytorch", conda_env, own, arguments)


def load_model(
    model_uri: str, dst_path: str | None = None, *, device: str | None = None, trust: Trust | None = None
) -> Any:
    """The module that a URI leads to: ``models:/…``, ``runs:/…``, ``mlflow-artifacts:/…`` or a path.

    device: where it goes, ``cuda`` for instance; default the processor.
    trust: ``pickle`` lets the model run code while it loads. Without it, that is allowed only to models that you
    logged into your own store and that have not changed since; exported programs need none.

    Returns: the module itself out of a pickle, in evaluation mode; a graph module out of an exported program, which
    answers, and cannot be trained further.

    Raises:
        NotFound: nothing is there. Denied: it needs more trust. Corrupt: it is not as it was logged.
    """
    settings = {"device": device}
    return _models.load_native(model_uri, "pytorch", dst_path=dst_path, trust=trust, settings=settings)


def save_state_dict(state_dict: Mapping[str, Any], path: str, **kwargs: Any) -> None:
    """Save a state dict as ``state_dict.pth`` in the folder ``path``, made if there is none.

    state_dict: a module's, an optimizer's, or a dict that holds several.
    kwargs: further arguments of ``torch.save``.

    Raises:
        InvalidValue: it is no dict.
    """
    _flavor.save_state(state_dict, path, kwargs)


def log_state_dict(state_dict: Mapping[str, Any], artifact_path: str, **kwargs: Any) -> None:
    """Log a state dict among the active run's artifacts; see :func:`save_state_dict`.

    artifact_path: folder of the run.
    """
    with tempfile.TemporaryDirectory(prefix="clew-") as folder:
        save_state_dict(state_dict, folder, **kwargs)
        _files.log_artifacts(folder, artifact_path)


def load_state_dict(state_dict_uri: str, **kwargs: Any) -> Any:
    """The state dict in the folder that a path or URI (``runs:/<run id>/<path>`` …) leads to.

    kwargs: further arguments of ``torch.load``, such as ``map_location``. By default only tensors and plain
    containers are read, which runs no code; ``weights_only=False`` reads any pickle.

    Raises:
        NotFound: there is none. Denied: it holds more than tensors and plain containers.
    """
    with tempfile.TemporaryDirectory(prefix="clew-") as folder:
        local = state_dict_uri if os.path.isdir(state_dict_uri) else _download(state_dict_uri, dst_path=folder)
        return _flavor.load_state(local, kwargs)


def autolog(
    log_every_n_epoch: int = 1,
    log_every_n_step: int | None = None,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, str] | None = None,
    checkpoint: bool = True,
    checkpoint_monitor: str = "val_loss",
    checkpoint_mode: str = "min",
    checkpoint_save_best_only: bool = True,
    checkpoint_save_weights_only: bool = False,
    checkpoint_save_freq: str | int = "epoch",
    log_model_signatures: bool = True,
    *,
    log_input_examples: bool = False,
) -> None:
    """Log every training by Lightning, and what goes to PyTorch's ``SummaryWriter`` while a run is active.

    These options win over those of ``clew.autolog``; docs/deep_learning.md says what is recorded.

    log_every_n_epoch: write the metrics of so many epochs' last. log_every_n_step: likewise of steps; None for none.
    checkpoint: keep a checkpoint among the artifacts, when ``checkpoint_monitor`` is the best so far, or always
    without ``checkpoint_save_best_only``; ``checkpoint_save_freq`` is ``epoch`` or a number of steps.
    registered_model_name: the registered model of which each trained model becomes the next version.
    disable_for_unsupported_versions: leave versions alone that are older than docs/autolog.md says.

    Raises:
        InvalidValue: ``checkpoint_mode`` is neither min nor max.
    """
    if checkpoint_mode not in ("min", "max"):
        raise InvalidValue(f"checkpoint_mode must be 'min' or 'max', not {checkpoint_mode!r}.")
    switch_own("pytorch", locals())


def watch(model: Any, optimizer: Any, every_n_steps: int = 100, *, layers: bool = False) -> Watch:
    """Watch a training loop of your own: log the optimizer's settings now, gradients and learning rates as it goes.

    They go to the active run, begun if there is none: params ``optimizer_name``, ``lr`` …; metrics ``grad_norm`` (over
    all parameters, before the step) and ``lr``, every so many of the optimizer's steps.

    layers: also ``grad_norm/<parameter>`` for each parameter.

    Returns: what ends it by ``remove()``, or at the end of a ``with`` block.

    Raises:
        InvalidValue: no module, no optimizer, or a number of steps below 1.
        Conflict: the run has other settings of an optimizer.
    """
    from clew.integrations.pytorch.watch import Watch

    return Watch(model, optimizer, every_n_steps, layers)


def __getattr__(name: str) -> Any:
    if name == "ClewLogger":  # a class that derives from one of Lightning's, so it is there only with Lightning
        from clew.integrations.pytorch.logger import logger_class

        return logger_class()
    raise AttributeError(f"module 'clew.pytorch' has no attribute {name!r}")


def get_default_pip_requirements() -> list[str]:
    """The pinned requirements of an exported PyTorch model."""
    return requirements(["torch", "numpy"])


def get_default_conda_env() -> dict[str, Any]:
    """The conda environment of an exported PyTorch model."""
    return _conda_env(get_default_pip_requirements())
