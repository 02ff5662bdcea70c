"""The spool: which folders and small files hold journals between the writer and the shipper.

::

    <spool>/<sha256(target uri)[:16]>/       one target
        target.json  shipper.lock  wake (FIFO)  shipper.log
        <run_id>/
            w-<writer_id>/                   one writer: a process that logs to the run
                alive                        flock held for the writer's whole life
                ctl                          4096 bytes shared with the shipper
                00000000.seg …               the journal
                files/                       artifacts that wait

Standard library only.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from typing import Final

from clew.client.segment import SUFFIX, window
from clew.client.trouble import KINDS, NONE, Kind, Trouble
from clew.errors import Corrupt

try:
    from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock

    _HAS_FLOCK = True
except ImportError:  # Windows; there a writer counts as alive while its ``alive`` file exists
    _HAS_FLOCK = False

WRITER_PREFIX: Final = "w-"
DRAFT_PREFIX: Final = "tmp-"
REFUSED_PREFIX: Final = "refused-"
REFUSED_SUFFIX: Final = ".refused"
CTL_BYTES: Final = 4096
_DRAFT_S: Final = 60.0
_DRAFT_TRIES: Final = 100

ACKED: Final = 0
"""u64, by the shipper: slots that the target has on disk."""
FENCE: Final = 64
"""u64, by the writer: somebody waits for this sequence number."""
STATE: Final = 128
"""u64, by the writer: bits OWNER and ENDED."""
DROPPED: Final = 192
"""u64, by the writer: points that found no room on the disk."""
CONFLICTS: Final = 256
"""u64, by the shipper: how many conflicts lie in ``conflicts.jsonl``."""
TRIES: Final = 320
"""u64, by the shipper: how often it tried to send this journal in vain."""
TROUBLE_KIND: Final = 384
"""u64, by the shipper: what kind of trouble keeps it from shipping, as the place in ``trouble.KINDS``."""
TROUBLE_SINCE: Final = 448
"""u64, by the shipper: when that began, in ms since 1970."""
TROUBLE_TRIED: Final = 512
"""u64, by the shipper: when it tried last, in ms since 1970."""
TROUBLE: Final = 1024
"""By the shipper: u16 length and the text of what keeps it from shipping."""
_TROUBLE_BYTES: Final = 1000

OWNER: Final = 1
"""The writer's death without a RUN_END means that the run was killed."""
ENDED: Final = 2
"""The writer wrote its RUN_END or closed on purpose."""


class Ctl:
    """The page that a writer and the shipper share, each word written by one of them."""

    __slots__ = ("_page",)

    def __init__(self, path: str, *, new: bool = False) -> None:
        flags = os.O_RDWR | (os.O_CREAT | os.O_EXCL if new else 0) | getattr(os, "O_CLOEXEC", 0)
        fd = os.open(path, flags, 0o600)
        try:
            if new:
                os.pwrite(fd, bytes(CTL_BYTES), 0)
            elif os.fstat(fd).st_size < CTL_BYTES:
                raise Corrupt(f"{path} is shorter than a control page.")
            self._page = window(fd, CTL_BYTES)
        finally:
            os.close(fd)

    def get(self, word: int) -> int:
        """The u64 at byte offset ``word``."""
        return int.from_bytes(self._page[word : word + 8], "little")

    def put(self, word: int, value: int) -> None:
        """Set the u64 at byte offset ``word``; 8 aligned bytes are stored in one piece."""
        self._page[word : word + 8] = value.to_bytes(8, "little")

    @property
    def trouble(self) -> Trouble:
        """What keeps the shipper from shipping; ``NONE`` while nothing does."""
        kind = self.get(TROUBLE_KIND)
        if not 0 < kind < len(KINDS):
            return NONE
        size = min(int.from_bytes(self._page[TROUBLE : TROUBLE + 2], "little"), _TROUBLE_BYTES)
        text = self._page[TROUBLE + 2 : TROUBLE + 2 + size].decode("utf-8", "replace")
        return Trouble(KINDS[kind], text, self.get(TROUBLE_SINCE), self.get(TROUBLE_TRIED))

    def tell(self, kind: Kind, text: str, now_ms: int) -> None:
        """Say that the journal was tried in vain at ``now_ms``, and why."""
        raw = text.encode("utf-8", "replace")[:_TROUBLE_BYTES]
        if self.get(TROUBLE_KIND) != KINDS.index(kind):
            self.put(TROUBLE_SINCE, now_ms)
        self._page[TROUBLE : TROUBLE + 2 + len(raw)] = len(raw).to_bytes(2, "little") + raw
        self.put(TROUBLE_TRIED, now_ms)
        self.put(TROUBLE_KIND, KINDS.index(kind))
        self.put(TRIES, self.get(TRIES) + 1)

    def relieve(self) -> None:
        """Say that nothing keeps the journal from being sent any more."""
        if self.get(TROUBLE_KIND):
            self.put(TROUBLE_KIND, 0)


def target_folder(spool: str, target_uri: str) -> str:
    """Where journals for ``target_uri`` lie under ``spool``; the folder need not exist."""
    import hashlib

    return os.path.join(spool, hashlib.sha256(target_uri.encode()).hexdigest()[:16])


def spare_roots() -> Iterator[str]:
    """Where journals may lie if the user's spool cannot be written: temporary folders, then memory."""
    import tempfile

    try:
        found = tempfile.gettempdir()
    except OSError:  # none is writable
        found = ""
    for parent in dict.fromkeys((found, "/dev/shm")):
        if parent and os.path.isdir(parent):
            yield os.path.join(parent, f"clew-{os.getuid()}", "spool")


def open_target(spool: str, target_uri: str) -> str:
    """The folder of ``target_uri``, made if absent, with its ``target.json`` and FIFO.

    Raises:
        OSError: the spool cannot be written.
    """
    folder = target_folder(spool, target_uri)
    os.makedirs(folder, 0o700, exist_ok=True)
    note = os.path.join(folder, "target.json")
    if not _says(note, target_uri):
        draft = f"{note}.{os.getpid()}.{os.urandom(4).hex()}"
        with open(draft, "w", encoding="utf-8") as file:
            json.dump({"uri": target_uri}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, note)
    try:
        os.mkfifo(os.path.join(folder, "wake"), 0o600)
    except (FileExistsError, AttributeError):
        pass
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EPERM, errno.ENOSYS):
            raise
    return folder


def target_uri(folder: str) -> str:
    """The URI that the journals in ``folder`` are meant for.

    Raises:
        OSError: there is no such target folder. Corrupt: a power loss tore its note; the next script mends it.
    """
    path = os.path.join(folder, "target.json")
    with open(path, encoding="utf-8") as file:
        try:
            return str(json.load(file)["uri"])
        except (ValueError, KeyError, TypeError):
            raise Corrupt(f"{path} cannot be read.") from None


def _says(note: str, uri: str) -> bool:
    """Whether a target's note is whole."""
    try:
        return target_uri(os.path.dirname(note)) == uri
    except (FileNotFoundError, Corrupt):
        return False


def target_folders(spool: str) -> list[str]:
    """Every target folder under ``spool``."""
    return [f for f in _folders(spool) if os.path.exists(os.path.join(f, "target.json"))]


def runs(folder: str) -> Iterator[tuple[str, str]]:
    """(run id, folder) of every run that has something in a target folder."""
    for path in _folders(folder):
        name = os.path.basename(path)
        if len(name) == 32:
            yield name, path


def writers(run_folder: str) -> list[str]:
    """Folders of a run's writers."""
    return [p for p in _folders(run_folder) if os.path.basename(p).startswith(WRITER_PREFIX)]


def refused(run_folder: str) -> list[str]:
    """Folders of a run's writers that the target would not have."""
    return [p for p in _folders(run_folder) if os.path.basename(p).startswith(REFUSED_PREFIX)]


def readmit(folder: str) -> None:
    """Let the writers of a target folder that were set aside be shipped once more, and their files."""
    for _, run_folder in runs(folder):
        for path in refused(run_folder):
            _readmit(path)


def _readmit(folder: str) -> None:
    files = os.path.join(folder, "files")
    for name in os.listdir(files) if os.path.isdir(files) else ():
        if name.endswith(REFUSED_SUFFIX):
            path = os.path.join(files, name)
            os.rename(path, path.removesuffix(REFUSED_SUFFIX) + ".json")
    parent, name = os.path.split(folder)
    os.rename(folder, os.path.join(parent, WRITER_PREFIX + name.removeprefix(REFUSED_PREFIX)))


def make_draft(run_folder: str, writer_id: str) -> str:
    """The folder in which a writer gets ready, in a run's folder that is made if absent.

    Raises:
        OSError: the spool cannot be written.
    """
    draft = os.path.join(run_folder, DRAFT_PREFIX + writer_id)
    for left in range(_DRAFT_TRIES - 1, -1, -1):
        try:
            os.makedirs(draft, 0o700)
            break
        except FileNotFoundError:  # the shipper took the run's folder away while it was still empty
            if not left:
                raise
    return draft


def clear_drafts(run_folder: str) -> None:
    """Remove what writers left that died while they were opening, a minute ago or more."""
    import shutil  # it loads three compressors, and writers never come here

    for draft in _folders(run_folder):
        if os.path.basename(draft).startswith(DRAFT_PREFIX) and time.time() - os.stat(draft).st_mtime > _DRAFT_S:
            shutil.rmtree(draft, ignore_errors=True)


def segments(writer_folder: str) -> list[str]:
    """A writer's segments, oldest first; shipped ones are gone, so this need not begin at 0."""
    try:
        names = os.listdir(writer_folder)
    except FileNotFoundError:
        return []
    return [os.path.join(writer_folder, n) for n in sorted(names) if n.endswith(SUFFIX)]


def file_notes(writer_folder: str) -> list[str]:
    """Notes of the artifacts of a writer that wait."""
    folder = os.path.join(writer_folder, "files")
    try:
        return [os.path.join(folder, n) for n in sorted(os.listdir(folder)) if n.endswith(".json")]
    except FileNotFoundError:
        return []


def files(writer_folder: str) -> list[tuple[str, int]]:
    """(path, bytes) of the copies of artifacts that a writer keeps."""
    try:
        with os.scandir(os.path.join(writer_folder, "files")) as entries:
            return [(e.path, e.stat().st_size) for e in entries if e.name.endswith(".bin")]
    except FileNotFoundError:
        return []


def _folders(parent: str) -> list[str]:
    try:
        with os.scandir(parent) as entries:
            return sorted(e.path for e in entries if e.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


def lock_file(path: str, *, wait: bool = False) -> int | None:
    """A file descriptor that holds the exclusive lock on ``path``, or None while another process does.

    Raises:
        OSError: the file cannot be made or opened.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    if not _HAS_FLOCK:
        return fd
    try:
        flock(fd, LOCK_EX | (0 if wait else LOCK_NB))
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def sign(lock: int) -> None:
    """Write into a lock's file whose it is."""
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
    except OSError:
        pass  # the disk is full, and the lock counts all the same


def holder(folder: str) -> int | None:
    """The process id of the shipper that serves a target folder now; 0 where it did not sign, None where none does."""
    path = os.path.join(folder, "shipper.lock")
    if not os.path.exists(path) or not _is_held(path):
        return None
    try:
        with open(path, "rb") as file:
            text = file.read(20)
    except OSError:
        return 0
    return int(text) if text.isdigit() else 0


def lives(writer_folder: str) -> bool:
    """Whether the writer's process still holds its ``alive`` lock."""
    path = os.path.join(writer_folder, "alive")
    if not _HAS_FLOCK:
        return os.path.exists(path)
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return False
    try:
        flock(fd, LOCK_SH | LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


LEAVE: Final = b"q"
"""What is written into the FIFO to ask the shipper to end; anything else says that there is something to do."""


def wake(folder: str, message: bytes = b"\n") -> bool:
    """Tell the shipper of a target folder to look now; False where no shipper listens."""
    try:
        fd = os.open(os.path.join(folder, "wake"), os.O_WRONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return _is_held(os.path.join(folder, "shipper.lock"))  # a file system without FIFOs
    except OSError:
        return False  # ENXIO: a FIFO without reader, so no shipper
    try:
        os.write(fd, message)
    except BlockingIOError:
        pass  # it is full of earlier wakes
    except BrokenPipeError:
        return False
    finally:
        os.close(fd)
    return True


def _is_held(path: str) -> bool:
    try:
        lock = lock_file(path)
    except OSError:
        return False
    if lock is None:
        return True
    os.close(lock)
    return False
