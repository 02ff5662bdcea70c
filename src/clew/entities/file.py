"""Artifacts as a listing shows them."""

from __future__ import annotations

from clew.entities.entity import Entity


class FileInfo(Entity, frozen=True, kw_only=True):
    """A file or folder.

    path: relative to the root that was listed, ``/`` as separator.
    file_size: bytes; None for folders.
    """

    path: str
    is_dir: bool
    file_size: int | None = None
