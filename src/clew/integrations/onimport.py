"""An integration as the switch sees it: installed once, on modules as they are imported, and taken back whole."""

from __future__ import annotations

import functools
import importlib
import threading
from collections.abc import Callable, Sequence
from types import ModuleType

from clew.integrations import lazy
from clew.integrations.patch import Patch


class OnImport:
    """Patches of some packages.

    flavor: the framework's name among the options. packages: top-level names.
    patch_module: wraps what one module of theirs holds; called for every module.
    """

    def __init__(self, flavor: str, packages: Sequence[str], patch_module: Callable[[Patch, ModuleType], None]) -> None:
        self._flavor = flavor
        self._packages = packages
        self._patch_module = patch_module
        self._lock = threading.Lock()
        self._patch: Patch | None = None

    def install(self) -> None:
        """Patch the modules that are imported, and the others as they come."""
        with self._lock:
            if self._patch is not None and self._patch.live:
                return
            if self._patch is not None:
                self._patch.undo()
            self._patch = Patch(self._flavor)
            for package in self._packages:
                lazy.watch(package, functools.partial(self._patch_module, self._patch), self)

    def uninstall(self) -> None:
        """Put everything back."""
        with self._lock:
            for package in self._packages:
                lazy.forget(package, self)
            if self._patch is not None:
                self._patch.undo()
                self._patch = None


def hooks(name: str) -> Callable[[Patch, ModuleType], None]:
    """The ``patch_module`` of a module of ours, which is imported when the framework is."""

    def patch_module(patch: Patch, module: ModuleType) -> None:
        importlib.import_module(name).patch_module(patch, module)

    return patch_module
