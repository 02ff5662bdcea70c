"""Autologging for PyTorch: trainings by Lightning, and what goes to TensorBoard's ``SummaryWriter``."""

from __future__ import annotations

from types import ModuleType

from clew.integrations.onimport import OnImport
from clew.integrations.patch import Patch


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ in ("lightning.pytorch.trainer.trainer", "pytorch_lightning.trainer.trainer"):
        from clew.integrations.pytorch.lightning import patch_trainer

        patch_trainer(patch, module.Trainer)
    elif module.__name__ == "torch.utils.tensorboard.writer":
        from clew.integrations.pytorch.summarywriter import patch_writer

        patch_writer(patch, module.SummaryWriter)


_integration = OnImport("pytorch", ("lightning", "pytorch_lightning", "torch"), _patch_module)
install, uninstall = _integration.install, _integration.uninstall
