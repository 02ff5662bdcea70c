"""Artifacts on the local disk."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator

from clew.artifacts.store import INCOMING, Entry, Stat
from clew.artifacts.uri import check_path
from clew.errors import Denied, InvalidValue, NotFound, Unavailable
from clew.ids import new_id

PIECE_BYTES = 1 << 20


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
        return _stat(s)

    def entries(self, path: str) -> list[Entry]:
        """Files and folders directly in a folder, sorted by name."""
        full = self._full(path)
        try:
            with os.scandir(full) as items:
                found = [_entry(item) for item in items if item.name != INCOMING]
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as e:
            raise _away(path, e) from None
        return sorted(found, key=lambda entry: entry.name)

    def read(self, path: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``stop``, in pieces of 1 MiB; the file is opened at the first one."""
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
        target = self._target(path)
        return LocalUpload(self._incoming(new_id()), target)

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

    def part(self, upload_id: str, number: int, offset: int) -> LocalPart:  # noqa: ARG002 - parts lie by offset
        """A part, written to its place in the one file of its upload."""
        return LocalPart(self._incoming(upload_id), offset)

    def assemble(self, upload_id: str, path: str, count: int, check: Callable[[str], None]) -> Stat:  # noqa: ARG002
        """Rename the file that the parts were written to, once its content is checked."""
        target, partial = self._target(path), self._incoming(upload_id)
        try:
            found = _sha256_of(partial)
        except FileNotFoundError:
            raise NotFound(f"No such upload: '{upload_id}'") from None
        except OSError as e:
            raise _away(path, e) from None
        check(found)
        try:
            return _publish(partial, target)
        except OSError as e:
            raise _away(path, e) from None

    def discard(self, upload_id: str) -> None:
        """Remove the parts of an upload."""
        try:
            os.unlink(self._incoming(upload_id))
        except FileNotFoundError:
            pass
        except OSError as e:
            raise _away(INCOMING, e) from None

    def sweep(self, before_s: float) -> int:
        """Remove what broken uploads left."""
        removed = 0
        try:
            with os.scandir(os.path.join(self.root, INCOMING)) as items:
                for item in items:
                    if item.stat(follow_symlinks=False).st_mtime < before_s:
                        os.unlink(item.path)
                        removed += 1
        except FileNotFoundError:  # the folder, or a file that has ended meanwhile
            pass
        except OSError as e:
            raise _away(INCOMING, e) from None
        return removed

    def _incoming(self, name: str) -> str:
        return os.path.join(self.root, INCOMING, name)

    def _target(self, path: str) -> str:
        """Where a new file goes.

        Raises:
            InvalidValue: no file can lie there.
        """
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
        return target

    def _full(self, path: str) -> str:
        clean = check_path(path)
        if clean == INCOMING or clean.startswith(INCOMING + "/"):
            raise NotFound(f"No such artifact: '{path}'")
        full = os.path.join(self.root, clean) if clean else self.root
        real = os.path.realpath(full)
        if real != self.root and not real.startswith(self.root.rstrip("/") + "/"):
            raise Denied(f"Artifact '{path}' is a link that leads out of its folder.")
        return full


class LocalUpload:
    """A file on its way; see ``store.Upload``. Its folders appear with it, so that one that breaks off leaves none."""

    def __init__(self, partial: str, target: str) -> None:
        self._partial = partial
        self._target = target
        try:
            os.makedirs(os.path.dirname(partial), exist_ok=True)
            self._file = open(partial, "wb", buffering=0)  # noqa: SIM115 - lives until commit or abort
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

    def commit(self) -> Stat:
        """Make the file appear, on disk, in one step."""
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            return _publish(self._partial, self._target)
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


class LocalPart:
    """A part of a file on its way; what it overwrites was never told to be stored."""

    def __init__(self, partial: str, offset: int) -> None:
        self._at = offset
        try:
            os.makedirs(os.path.dirname(partial), exist_ok=True)
            self._descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as e:
            raise _away(INCOMING, e) from None

    def write(self, chunk: bytes | bytearray) -> None:
        """Append bytes."""
        view = memoryview(chunk)
        try:
            while view:
                written = os.pwrite(self._descriptor, view, self._at)
                view, self._at = view[written:], self._at + written
        except OSError as e:
            raise _away(INCOMING, e) from None

    def commit(self) -> Stat:
        """The part is on disk."""
        try:
            os.fsync(self._descriptor)
            return _stat(os.fstat(self._descriptor))
        except OSError as e:
            raise _away(INCOMING, e) from None
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop writing; the part counts as missing until it is sent again."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _publish(partial: str, target: str) -> Stat:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    os.replace(partial, target)
    _sync_folder(os.path.dirname(target))
    return _stat(os.stat(target))


def _sha256_of(file: str) -> str:
    with open(file, "rb", buffering=0) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _stat(s: os.stat_result) -> Stat:
    is_dir = stat.S_ISDIR(s.st_mode)
    return Stat(
        is_dir=is_dir,
        size=0 if is_dir else s.st_size,
        modified_s=s.st_mtime,
        etag=f"{s.st_mtime_ns:x}-{s.st_size:x}",
    )


def _entry(item: os.DirEntry[str]) -> Entry:
    name = os.fsencode(item.name).decode("utf-8", "replace")  # other programs may write names that are not UTF-8
    try:
        s = _stat(item.stat())
        link = item.is_symlink()
        return Entry(name=name, is_dir=s.is_dir, size=s.size, modified_s=s.modified_s, etag=s.etag, link=link)
    except OSError:  # a dangling link, or gone since
        return Entry(name=name, is_dir=False)


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
