"""Autologging for scikit-learn: params, training metrics, data and model of every ``fit``."""

from __future__ import annotations

import functools
import threading
from types import ModuleType

from clew.integrations import lazy
from clew.integrations.patch import Patch

_lock = threading.Lock()
_patch: Patch | None = None


def install() -> None:
    """Patch the modules of scikit-learn that are imported, and the others as they come."""
    global _patch
    with _lock:
        if _patch is not None and _patch.live:
            return
        if _patch is not None:
            _patch.undo()
        _patch = Patch()
        lazy.watch("sklearn", functools.partial(_patch_module, _patch))


def uninstall() -> None:
    """Put everything back."""
    global _patch
    with _lock:
        lazy.forget("sklearn")
        if _patch is not None:
            _patch.undo()
            _patch = None


def _patch_module(patch: Patch, module: ModuleType) -> None:
    # Here, since the hooks need numpy, which the user may never import.
    from clew.integrations.sklearn.hooks import patch_module

    patch_module(patch, module)
