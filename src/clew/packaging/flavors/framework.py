"""A framework and its classes, named in words that a model's file or the caller's environment gave."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from clew.errors import Denied, MissingPackage, NotSupported
from clew.packaging.flavor import LoadPolicy


def need(module: str, package: str) -> Any:
    """The framework's module, imported.

    package: what pip calls it.

    Raises:
        MissingPackage: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise MissingPackage(f"This model needs {package}: pip install {package}") from None


def is_instance(model: object, module: str, *names: str) -> bool:
    """Whether a model is of one of a framework's classes; nothing is while the framework is not imported."""
    found = sys.modules.get(module)
    kinds = tuple(getattr(found, name) for name in names if hasattr(found, name))
    return isinstance(model, kinds)


def class_name(model: object) -> str:
    """The full name of a model's class, as MLmodel files hold it."""
    return f"{type(model).__module__}.{type(model).__qualname__}"


def find_class(name: object, package: str, base: type, policy: LoadPolicy) -> type[Any]:
    """The class that an MLmodel file names.

    package: top-level module of the framework; classes of others are the author's code.
    base: what it must derive from.

    Raises:
        Denied: it is outside of the framework, and the policy forbids code.
        NotSupported: there is no such class.
    """
    module, _, simple = str(name).rpartition(".")
    if module.partition(".")[0] != package and policy.trust != "pickle":
        raise Denied(
            f"The model is of the class {name}, which does not belong to {package}; importing it runs its author's "
            "code. If you trust who wrote it, load it with trust='pickle'."
        )
    try:
        found = getattr(importlib.import_module(module), simple)
    except (ImportError, AttributeError, ValueError) as error:
        raise NotSupported(f"The model is of the class {name}, which cannot be imported: {error}.") from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise NotSupported(f"The model names {name} as its class, which is no {base.__name__}.")
    return found
