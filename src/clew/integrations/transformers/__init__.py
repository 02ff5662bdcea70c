"""Autologging for Hugging Face: trainings by ``transformers.Trainer``."""

from __future__ import annotations

from types import ModuleType

from clew.integrations.onimport import OnImport
from clew.integrations.patch import Patch


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ == "transformers.trainer":
        from clew.integrations.transformers.trainer import patch_trainer

        patch_trainer(patch, module.Trainer)


_integration = OnImport("transformers", ("transformers",), _patch_module)
install, uninstall = _integration.install, _integration.uninstall
