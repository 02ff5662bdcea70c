"""Artifacts on the local disk."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator

from clew.artifacts.store import Stat
from clew.artifacts.uri import check_path
from clew.entities.file import FileInfo
from clew.errors import Denied, InvalidValue, NotFound, Unavailable
from clew.ids import new_id

PIECE_BYTES = 256 * 1024
_INCOMING = ".clew-incoming"


class LocalStore:
    """A folder on this machine.

    Links inside it are followed only as long as they stay inside.
    """

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)

    def stat(self, path: str) -> Stat | None:
        """What lies at ``path``, or None."""
        full = self._full(path)  # outside of the try: Denied is an OSError too
        try:
            s = os.stat(full)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as e:
            raise _away(path, e) from None
        is_dir = stat.S_ISDIR(s.st_mode)
        return Stat(
            is_dir=is_dir,
            size=0 if is_dir else s.st_size,
            modified_s=s.st_mtime,
            etag=f"{s.st_mtime_ns:x}-{s.st_size:x}",
        )

    def entries(self, path: str) -> list[FileInfo]:
        """Files and folders directly in a folder, sorted by name."""
        full = self._full(path)
        try:
            with os.scandir(full) as items:
                found = [_info(item) for item in items if item.name != _INCOMING]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as e:
            raise _away(path, e) from None
        return sorted(found, key=lambda info: info.path)

    def read(self, path: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``stop``, in pieces of 256 KiB; the file is opened at the first one."""
        full = self._full(path)
        try:
            descriptor = os.open(full, os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound(f"No such artifact: '{path}'") from None
        except OSError as e:
            raise _away(path, e) from None
        try:
            at = start
            while stop is None or at < stop:
                want = PIECE_BYTES if stop is None else min(PIECE_BYTES, stop - at)
                piece = os.pread(descriptor, want, at)
                if not piece:
                    return
                at += len(piece)
                yield piece
        finally:
            os.close(descriptor)

    def create(self, path: str) -> LocalUpload:
        """A new file, invisible until it is complete."""
        clean = check_path(path)
        if not clean or path.endswith("/"):
            raise InvalidValue(f"Invalid path: {path!r} names a folder; end it with a file name.")
        target = self._full(clean)
        if os.path.isdir(target):
            raise InvalidValue(f"Invalid path: {path!r} is a folder here.")
        above = os.path.dirname(target)
        while not os.path.lexists(above):
            above = os.path.dirname(above)
        if not os.path.isdir(above):
            raise _away(path, NotADirectoryError())
        return LocalUpload(os.path.join(self.root, _INCOMING), target)

    def delete(self, path: str) -> None:
        """Remove a file or a folder with all it holds."""
        target = self._full(path)
        if target == self.root:
            raise InvalidValue("Invalid path: the root of all artifacts is not deleted; name a file or folder.")
        try:
            if os.path.isdir(target) and not os.path.islink(target):
                shutil.rmtree(target)
            else:
                os.unlink(target)
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as e:
            raise _away(path, e) from None

    def _full(self, path: str) -> str:
        clean = check_path(path)
        if clean == _INCOMING or clean.startswith(_INCOMING + "/"):
            raise NotFound(f"No such artifact: '{path}'")
        full = os.path.join(self.root, clean) if clean else self.root
        real = os.path.realpath(full)
        if real != self.root and not real.startswith(self.root.rstrip("/") + "/"):
            raise Denied(f"Artifact '{path}' is a link that leads out of its folder.")
        return full


class LocalUpload:
    """A file on its way; see ``store.Upload``. Its folders appear with it, so that one that breaks off leaves none."""

    def __init__(self, incoming: str, target: str) -> None:
        self._target = target
        self._partial = os.path.join(incoming, new_id())
        try:
            os.makedirs(incoming, exist_ok=True)
            self._file = open(self._partial, "wb", buffering=0)  # noqa: SIM115 - lives until commit or abort
        except OSError as e:
            raise _away(os.path.basename(target), e) from None

    def write(self, chunk: bytes | bytearray) -> None:
        """Append bytes."""
        view = memoryview(chunk)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as e:
            self.abort()
            raise _away(os.path.basename(self._target), e) from None

    def commit(self) -> None:
        """Make the file appear, on disk, in one step."""
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            os.makedirs(os.path.dirname(self._target), exist_ok=True)
            os.replace(self._partial, self._target)
            _sync_folder(os.path.dirname(self._target))
        except OSError as e:
            self.abort()
            raise _away(os.path.basename(self._target), e) from None

    def abort(self) -> None:
        """Forget what was written."""
        self._file.close()
        try:
            os.unlink(self._partial)
        except OSError:
            pass


def _info(item: os.DirEntry[str]) -> FileInfo:
    name = os.fsencode(item.name).decode("utf-8", "replace")  # other programs may write names that are not UTF-8
    try:
        if item.is_dir():
            return FileInfo(path=name, is_dir=True)
        return FileInfo(path=name, is_dir=False, file_size=item.stat().st_size)
    except OSError:  # a dangling link, or gone since
        return FileInfo(path=name, is_dir=False, file_size=0)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _away(path: str, error: OSError) -> Unavailable | InvalidValue:
    if isinstance(error, (FileExistsError, NotADirectoryError, IsADirectoryError)):
        return InvalidValue(f"Invalid path: '{path}' needs a folder where a file lies, or the reverse.")
    if error.errno == 36:  # ENAMETOOLONG
        return InvalidValue(f"Invalid path: '{path[:80]}…' has a name that is too long for the disk.")
    return Unavailable(f"Artifact '{path}' cannot be used: {error.strerror}; check the artifact folder and its disk.")
