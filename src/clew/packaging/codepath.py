"""The code folders of models on the import path, with no bytecode read from them or written into them.

Python keeps what it compiled beside the source. In a model such files have no sums: they would make the model look
changed, and whoever put others there would have them run. So every module of a code folder is compiled from its source.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from types import CodeType

_folders: set[str] = set()


class _SourceLoader(SourceFileLoader):
    """Compiles what it loads."""

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def add_code(folder: str) -> None:
    """Put the code folder of a model in front of the import path, where it is not on it yet."""
    if _finder not in sys.path_hooks:
        sys.path_hooks.insert(0, _finder)
    if folder not in _folders:
        _folders.add(folder)
        for path in [path for path in sys.path_importer_cache if _below(path, folder)]:
            del sys.path_importer_cache[path]
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _finder(path: str) -> FileFinder:
    """The finder of a code folder, or of a package in it.

    Raises:
        ImportError: the path is of neither kind, so that Python's own finder takes it.
    """
    if not any(_below(path, folder) for folder in _folders):
        raise ImportError(f"{path} is no code folder of a model")
    return FileFinder(
        path,
        (ExtensionFileLoader, EXTENSION_SUFFIXES),
        (_SourceLoader, SOURCE_SUFFIXES),
        (SourcelessFileLoader, BYTECODE_SUFFIXES),
    )


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)
