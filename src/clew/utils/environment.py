"""``_mlflow_conda_env``, which examples of logging one's own models have imported since MLflow 1."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import yaml

from clew.packaging.environment import conda_env


def _mlflow_conda_env(
    path: str | os.PathLike[str] | None = None,
    additional_conda_deps: Sequence[str] | None = None,
    additional_pip_deps: Sequence[str] | None = None,
    additional_conda_channels: Sequence[str] | None = None,
    install_mlflow: bool = True,
) -> dict[str, Any] | None:
    """A conda environment of this Python with further dependencies, as ``log_model(conda_env=…)`` takes it.

    path: a file to write it to as YAML; then nothing is returned.
    additional_conda_deps: behind Python, before pip. additional_pip_deps: lines of requirements.
    additional_conda_channels: behind conda-forge.
    install_mlflow: accepted; a model of Clew's needs no tracker to be loaded, so none is added.
    """
    del install_mlflow
    env = conda_env(list(additional_pip_deps or ()))
    python, *rest = env["dependencies"]
    env["dependencies"] = [python, *(additional_conda_deps or ()), *rest]
    env["channels"] = [*env["channels"], *(additional_conda_channels or ())]
    if path is None:
        return env
    with open(path, "w", encoding="utf-8") as file:
        yaml.safe_dump(env, file, sort_keys=False)
    return None
