"""Temporary folders for what is fetched."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def goal_folder(dst_path: str | os.PathLike[str] | None) -> Iterator[str]:
    """The folder to fetch into: ``dst_path``, or a new temporary one, which is gone again where the block fails."""
    if dst_path is not None:
        yield os.fspath(dst_path)
        return
    folder = tempfile.mkdtemp(prefix="clew-")
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
