"""Autologging for Optuna: a study is a run, its trials are the children."""

from __future__ import annotations

from types import ModuleType

from clew.integrations.onimport import OnImport
from clew.integrations.patch import Patch


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ == "optuna.study.study":
        from clew.integrations.optuna.hooks import patch_study

        patch_study(patch, module.Study)


_integration = OnImport("optuna", ("optuna",), _patch_module)
install, uninstall = _integration.install, _integration.uninstall
