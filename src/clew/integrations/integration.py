"""A framework whose modules are patched as the user imports them, and put back."""

from __future__ import annotations

import importlib
import threading
from types import ModuleType

from clew.integrations import lazy
from clew.integrations.patch import Patch


class Integration:
    """What autologging does to one framework.

    package: its top-level package.
    hooks: our module with ``patch_module(patch, module)``; imported when the framework is.
    """

    def __init__(self, package: str, hooks: str) -> None:
        self._package = package
        self._hooks = hooks
        self._lock = threading.Lock()
        self._patch: Patch | None = None

    def install(self) -> None:
        """Patch the modules that are imported, and the others as they come."""
        with self._lock:
            if self._patch is not None and self._patch.live:
                return
            if self._patch is not None:
                self._patch.undo()
            self._patch = Patch()
            lazy.watch(self._package, self._apply)

    def uninstall(self) -> None:
        """Put everything back."""
        with self._lock:
            lazy.forget(self._package)
            if self._patch is not None:
                self._patch.undo()
                self._patch = None

    def _apply(self, module: ModuleType) -> None:
        if self._patch is not None:
            importlib.import_module(self._hooks).patch_module(self._patch, module)
