"""What a place for artifacts can do, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

from clew.entities.file import FileInfo


class Stat(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one file or folder.

    size: bytes, 0 for folders. modified_s: seconds since 1970-01-01 UTC.
    etag: changes whenever the content does; without quotes.
    """

    is_dir: bool
    size: int
    modified_s: float
    etag: str


class Upload(Protocol):
    """A file being written; nobody sees it before ``commit``."""

    def write(self, chunk: bytes | bytearray) -> None:
        """Append bytes."""
        ...

    def commit(self) -> None:
        """Make the file appear, complete and on disk, in place of an older one."""
        ...

    def abort(self) -> None:
        """Forget what was written; without effect after ``commit``."""
        ...


class ArtifactStore(Protocol):
    """A tree of files. Every path is relative and is checked by ``uri.check_path``.

    All methods block and may be called from any thread.
    """

    def stat(self, path: str) -> Stat | None:
        """What lies at ``path``, or None."""
        ...

    def entries(self, path: str) -> list[FileInfo]:
        """Files and folders directly in a folder, sorted by name; each ``path`` is a bare name.

        Empty for a file and for what does not exist.
        """
        ...

    def read(self, path: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``stop`` (exclusive; None = end), in pieces.

        Raises:
            NotFound: no file lies at ``path``; raised when the first piece is asked for.
        """
        ...

    def create(self, path: str) -> Upload:
        """A new file; missing folders are made.

        Raises:
            InvalidValue: ``path`` is empty or names a folder.
        """
        ...

    def delete(self, path: str) -> None:
        """Remove a file or a whole folder; without effect where nothing lies."""
        ...
