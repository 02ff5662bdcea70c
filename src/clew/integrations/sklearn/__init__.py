"""Autologging for scikit-learn: params, training metrics, data and model of every ``fit``."""

from __future__ import annotations

from types import ModuleType

from clew.integrations.onimport import OnImport
from clew.integrations.patch import Patch


def _patch_module(patch: Patch, module: ModuleType) -> None:
    # Here, since the hooks need numpy, which the user may never import.
    from clew.integrations.sklearn.hooks import patch_module

    patch_module(patch, module)


_integration = OnImport("sklearn", ("sklearn",), _patch_module)
install, uninstall = _integration.install, _integration.uninstall
