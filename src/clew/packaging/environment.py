"""What a model needs to run: requirements.txt, conda.yaml and python_env.yaml.

The requirements are the flavor's own packages and those whose classes the model file names, pinned to what is
installed. Nothing is loaded or started to find them.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import yaml

from clew.errors import InvalidValue
from clew.packaging.yamltext import write_yaml

# Classes of these modules come with Python or with the flavors' own packages.
_KNOWN = {"builtins", "numpy", "scipy", "sklearn", "joblib", "cloudpickle", "skops", "__main__", "copyreg", "copy_reg"}


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller of ``save_model`` says about requirements; all None means: find them.

    conda_env: path of a conda YAML file, or its content as a dict; excludes the other two.
    pip_requirements: replaces what would be found; lines, or the path of a requirements file.
    extra_pip_requirements: added to it.
    """

    conda_env: str | Mapping[str, Any] | None = None
    pip_requirements: str | Sequence[str] | None = None
    extra_pip_requirements: str | Sequence[str] | None = None


def environment(
    conda_env: str | Mapping[str, Any] | None,
    pip_requirements: str | Sequence[str] | None,
    extra_pip_requirements: str | Sequence[str] | None,
) -> Environment:
    """What a caller says about requirements, in the order in which the flavors' functions take it."""
    return Environment(
        conda_env=conda_env, pip_requirements=pip_requirements, extra_pip_requirements=extra_pip_requirements
    )


@functools.cache
def pin(package: str) -> str | None:
    """``package==version`` of what is installed, or None where it is not.

    A local part of the version (torch's ``+cpu``) is left out: no index has such a version.
    """
    try:
        return f"{package}=={importlib.metadata.version(package).partition('+')[0]}"
    except importlib.metadata.PackageNotFoundError:
        return None


def requirements(packages: Iterable[str], modules: Iterable[str] = ()) -> list[str]:
    """Pinned requirements of distributions and of the distributions that hold the top-level ``modules``."""
    names = {package: package for package in packages}
    tops = {module.partition(".")[0] for module in modules} - _KNOWN - set(sys.stdlib_module_names)
    for top in sorted(tops):
        for package in _distributions().get(top, ()):
            names.setdefault(package.lower(), package)
    pins = {pin(package) for package in names.values()}
    return sorted(line for line in pins if line is not None)


def write_environment(folder: str, found: Sequence[str], wanted: Environment) -> None:
    """Write the three files into a model directory.

    Raises:
        InvalidValue: ``conda_env`` is given together with pip requirements, or cannot be read.
    """
    if wanted.conda_env is not None and (wanted.pip_requirements or wanted.extra_pip_requirements):
        raise InvalidValue("Give either conda_env or pip requirements, not both.")
    if wanted.conda_env is not None:
        conda = _read_conda(wanted.conda_env)
        lines = _pip_lines(conda)
    else:
        lines = _lines(wanted.pip_requirements) if wanted.pip_requirements is not None else list(found)
        lines += _lines(wanted.extra_pip_requirements) if wanted.extra_pip_requirements is not None else []
        conda = conda_env(lines)
    python = {
        "python": platform.python_version(),
        "build_dependencies": [line for line in map(pin, ("pip", "setuptools", "wheel")) if line],
        "dependencies": ["-r requirements.txt"],
    }
    _write(folder, "requirements.txt", "".join(f"{line}\n" for line in lines))
    _write(folder, "conda.yaml", write_yaml(conda))
    _write(folder, "python_env.yaml", write_yaml(python))


def conda_env(pip_lines: Sequence[str]) -> dict[str, Any]:
    """The conda environment of this Python with those pip requirements."""
    pip = importlib.metadata.version("pip") if pin("pip") else None
    dependencies: list[Any] = [f"python={platform.python_version()}", f"pip<={pip}" if pip else "pip"]
    return {
        "channels": ["conda-forge"],
        "dependencies": [*dependencies, {"pip": list(pip_lines)}],
        "name": "mlflow-env",
    }


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


def _lines(given: str | Sequence[str]) -> list[str]:
    if isinstance(given, str):
        if not os.path.isfile(given):
            raise InvalidValue(f"No requirements file at {given}; give its path, or a list of requirements.")
        with open(given, encoding="utf-8") as file:
            given = file.read().splitlines()
    return [line.strip() for line in given if line.strip() and not line.lstrip().startswith("#")]


def _read_conda(given: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    try:
        with open(given, encoding="utf-8") as file:
            conda = yaml.safe_load(file)
    except (OSError, yaml.YAMLError) as error:
        raise InvalidValue(f"conda_env {given} cannot be read: {error}.") from None
    if not isinstance(conda, dict):
        raise InvalidValue(f"conda_env {given} is not a YAML map.")
    return conda


def _pip_lines(conda: Mapping[str, Any]) -> list[str]:
    parts = (entry["pip"] for entry in conda.get("dependencies") or () if isinstance(entry, dict) and "pip" in entry)
    return [str(line) for part in parts for line in part]


def _write(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)
