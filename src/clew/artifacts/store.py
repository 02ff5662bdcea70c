"""What a place for artifacts can do, whatever lies behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import msgspec

INCOMING = ".clew-incoming"
"""Folder at a store's root where uploads under way lie; never listed or served."""


class Stat(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one file or folder.

    size: bytes, 0 for folders. modified_s: seconds since 1970-01-01 UTC, 0 for folders without a time.
    etag: changes whenever the content does; without quotes.
    """

    is_dir: bool
    size: int = 0
    modified_s: float = 0.0
    etag: str = ""


class Entry(Stat, frozen=True, kw_only=True):
    """A file or folder in a listing.

    name: without the folder's path. link: it is a symbolic link.
    """

    name: str
    link: bool = False


class Upload(Protocol):
    """A file being written; nobody sees it before ``commit``."""

    def write(self, chunk: bytes | bytearray) -> None:
        """Append bytes."""
        ...

    def commit(self) -> Stat:
        """Make the file appear, complete and on disk, in place of an older one; what it is now."""
        ...

    def abort(self) -> None:
        """Forget what was written; without effect after ``commit``."""
        ...


class ArtifactStore(Protocol):
    """A tree of files. Every path is relative and is checked by ``uri.check_path``.

    All methods block and may be called from any thread.

    Raises (all): Unavailable: the disk or the object store cannot be used. Denied: it refuses us.
    """

    def stat(self, path: str) -> Stat | None:
        """What lies at ``path``, or None."""
        ...

    def entries(self, path: str) -> list[Entry]:
        """Files and folders directly in a folder, sorted by name.

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

    def part(self, upload_id: str, number: int, offset: int) -> Upload:
        """Part ``number`` of an upload in parts, which begins at byte ``offset`` of the file."""
        ...

    def assemble(self, upload_id: str, path: str, count: int, check: Callable[[str], None]) -> Stat:
        """Make the file out of its ``count`` parts appear at ``path``; what it is now.

        check: called with the SHA-256 (hex) of the whole before it appears; what it raises stops that.
        """
        ...

    def discard(self, upload_id: str) -> None:
        """Remove the parts of an upload; without effect where there are none."""
        ...

    def sweep(self, before_s: float) -> int:
        """Remove what broken uploads left before a time (seconds since 1970); how many files."""
        ...
