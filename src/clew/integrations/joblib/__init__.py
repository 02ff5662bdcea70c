"""Tasks of ``joblib.Parallel`` work for the run that is active where they are handed out, whatever runs them."""

from __future__ import annotations

import functools
import threading
from types import ModuleType

from clew.integrations import lazy
from clew.integrations.patch import Patch

_lock = threading.Lock()
_patch: Patch | None = None


def install() -> None:
    """Patch ``Parallel``, now or when joblib is imported."""
    global _patch
    with _lock:
        if _patch is not None and _patch.live:
            return
        if _patch is not None:
            _patch.undo()
        _patch = Patch()
        lazy.watch("joblib", functools.partial(_patch_module, _patch))


def uninstall() -> None:
    """Put everything back."""
    global _patch
    with _lock:
        lazy.forget("joblib")
        if _patch is not None:
            _patch.undo()
            _patch = None


def _patch_module(patch: Patch, module: ModuleType) -> None:
    if module.__name__ == "joblib.parallel":
        from clew.integrations.joblib.tasks import patch_parallel

        patch_parallel(patch, module.Parallel)
