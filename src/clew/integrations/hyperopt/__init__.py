"""Autologging for Hyperopt: a search is a run, its trials are the children, also those that Spark's workers run."""

from __future__ import annotations

import functools
import threading
from types import ModuleType

from clew.integrations import lazy
from clew.integrations.patch import Patch

_lock = threading.Lock()
_patch: Patch | None = None
_MODULES = ("hyperopt.base", "hyperopt.fmin", "hyperopt.spark")


def install() -> None:
    """Patch what ``fmin`` is made of, now or when Hyperopt is imported."""
    global _patch
    with _lock:
        if _patch is not None and _patch.live:
            return
        if _patch is not None:
            _patch.undo()
        _patch = Patch()
        lazy.watch("hyperopt", functools.partial(_patch_module, _patch))


def uninstall() -> None:
    """Put everything back."""
    global _patch
    with _lock:
        lazy.forget("hyperopt")
        if _patch is not None:
            _patch.undo()
            _patch = None


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ in _MODULES:
        from clew.integrations.hyperopt.hooks import patch_module

        patch_module(patch, module)
