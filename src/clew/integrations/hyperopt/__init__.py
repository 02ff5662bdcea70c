"""Autologging for Hyperopt: a search is a run, its trials are the children, also those that Spark's workers run."""

from __future__ import annotations

from types import ModuleType

from clew.integrations.onimport import OnImport
from clew.integrations.patch import Patch

_MODULES = ("hyperopt.base", "hyperopt.fmin", "hyperopt.spark")


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ in _MODULES:
        from clew.integrations.hyperopt.hooks import patch_module

        patch_module(patch, module)


_integration = OnImport("hyperopt", ("hyperopt",), _patch_module)
install, uninstall = _integration.install, _integration.uninstall
