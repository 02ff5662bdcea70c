"""Autologging for Keras 3, on whichever backend."""

from __future__ import annotations

from types import ModuleType

from clew.integrations.onimport import OnImport
from clew.integrations.patch import Patch

_TRAINERS = {
    "keras.src.backend.jax.trainer": "JAXTrainer",
    "keras.src.backend.tensorflow.trainer": "TensorFlowTrainer",
    "keras.src.backend.torch.trainer": "TorchTrainer",
}


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ in _TRAINERS:
        from clew.integrations.keras.fit import begin

        patch.train(getattr(module, _TRAINERS[module.__name__]), "fit", begin)


_integration = OnImport("keras", ("keras",), _patch_module)
install, uninstall = _integration.install, _integration.uninstall
