"""Work on the modules of a package: on those the user has imported, and on each one right after it is imported.

Nothing is ever imported from here.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from clew.integrations.guard import guarded

Callback = Callable[[ModuleType], None]

_lock = threading.RLock()
_watched: dict[str, dict[object, Callback]] = {}
"""Package -> watcher -> callback."""


def watch(package: str, callback: Callback, watcher: object) -> None:
    """Call ``callback(module)`` for every module of a package, now or as soon as it has run.

    watcher: whose callback it is; several may watch one package.

    Faults of the callback are reported and do not reach the user's import.
    """
    with _lock:
        _watched[package] = {**_watched.get(package, {}), watcher: callback}
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        present = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == package]
    for module in present:
        guarded(f"patching {module.__name__}", callback, module)


def forget(package: str, watcher: object) -> None:
    """Stop showing a package's modules to this watcher."""
    with _lock:
        others = {one: callback for one, callback in _watched.get(package, {}).items() if one is not watcher}
        if others:
            _watched[package] = others
        else:
            _watched.pop(package, None)
        if not _watched and _finder in sys.meta_path:
            sys.meta_path.remove(_finder)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds what the other finders find, and sees to it that the callback follows the module."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in _watched:
            return None
        for finder in list(sys.meta_path):
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    _follow(spec.loader, fullname)
                return spec
        return None


def _follow(loader: Any, name: str) -> None:
    run = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        # Some loaders serve many modules, so what was set for this one must not stay.
        vars(loader).pop("exec_module", None)
        run(module)
        for callback in _watched.get(name.partition(".")[0], {}).values():
            guarded(f"patching {name}", callback, module)

    # On the loader's instance, so that its type and all else about the module stay as they are.
    loader.exec_module = exec_module


_finder = _Finder()
