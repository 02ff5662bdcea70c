"""Autologging for Optuna: a study is a run, its trials are the children."""

from __future__ import annotations

import functools
import threading
from types import ModuleType

from clew.integrations import lazy
from clew.integrations.patch import Patch

_lock = threading.Lock()
_patch: Patch | None = None


def install() -> None:
    """Patch ``Study.optimize``, now or when Optuna is imported."""
    global _patch
    with _lock:
        if _patch is not None and _patch.live:
            return
        if _patch is not None:
            _patch.undo()
        _patch = Patch()
        lazy.watch("optuna", functools.partial(_patch_module, _patch))


def uninstall() -> None:
    """Put everything back."""
    global _patch
    with _lock:
        lazy.forget("optuna")
        if _patch is not None:
            _patch.undo()
            _patch = None


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ == "optuna.study.study":
        from clew.integrations.optuna.hooks import patch_study

        patch_study(patch, module.Study)
