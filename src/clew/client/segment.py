"""Segments of the journal on disk: creation, headers, and how many slots are complete.

The bytes themselves are ``wire.frames``; this file knows files and memory maps. Standard library only.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
import zlib
from typing import Final

from clew.client.notice import warn_once
from clew.errors import Corrupt
from clew.wire.frames import (
    CONTENT_BYTES,
    CRC,
    HEAD,
    HEADER,
    HEADER_BYTES,
    MAGIC,
    POINT,
    RECORD_BASE,
    SEALED_OFFSET,
    SEGMENT_BYTES,
    SLOT_BYTES,
    SLOTS_PER_SEGMENT,
    payload_slots,
)

SUFFIX: Final = ".seg"
GAP: Final = RECORD_BASE + 0xFF
"""Record type that stands in for slots which a power loss destroyed; no reader knows it, so it is skipped."""

_U64: Final = 8
_LITTLE: Final = sys.byteorder == "little"

# In the machine's own order a double is copied; in a named order it is taken apart.
pack_point: Final = struct.Struct("@qdqI").pack if _LITTLE else POINT.pack
"""``wire.frames.POINT.pack``, a little faster where the machine has the format's byte order."""


class Header:
    """What a segment says of itself.

    sealed: used slots once nothing more will come, None while the segment is open.
    """

    __slots__ = ("base_seq", "number", "pid", "run_id", "salt", "sealed", "slots", "writer_id")

    def __init__(self, raw: bytes) -> None:
        if len(raw) < SEALED_OFFSET + _U64:
            raise Corrupt("a journal segment is shorter than its header")
        magic, run, writer, self.number, self.salt, self.base_seq, self.pid, self.slots = HEADER.unpack_from(raw)
        if magic != MAGIC:
            raise Corrupt(f"a journal segment begins with {magic!r}, not {MAGIC!r}")
        self.run_id = run.hex()
        self.writer_id = writer.hex()
        mark = int.from_bytes(raw[SEALED_OFFSET : SEALED_OFFSET + _U64], "little")
        self.sealed = mark - 1 if mark else None


class FileWindow:
    """A file read and written by ``pread`` and ``pwrite``, where the file system has no memory maps.

    Cost: one system call per access instead of none.
    """

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = os.dup(fd)

    def __getitem__(self, span: slice) -> bytes:
        return os.pread(self._fd, span.stop - (span.start or 0), span.start or 0)

    def __setitem__(self, span: slice, data: bytes) -> None:
        try:
            os.pwrite(self._fd, data, span.start)
        except OSError as error:  # its blocks are allocated, so this is a broken disk or a server that went away
            warn_once("journal-write", f"The journal cannot be written, so what is logged is lost: {error.strerror}.")

    def close(self) -> None:
        """Close the file; nothing is written afterwards."""
        os.close(self._fd)


Window = mmap.mmap | FileWindow


def file_name(number: int) -> str:
    """The name of a writer's segment ``number``; names sort as numbers do."""
    return f"{number:08d}{SUFFIX}"


class Birth:
    """Who writes a segment and where it begins: the fields of its header."""

    __slots__ = ("base_seq", "number", "run_id", "salt", "writer_id")

    def __init__(self, run_id: str, writer_id: str, number: int, base_seq: int) -> None:
        self.run_id = run_id
        self.writer_id = writer_id
        self.number = number
        self.base_seq = base_seq
        self.salt = int.from_bytes(os.urandom(4), "little") >> 2  # 30 bits are one digit to CPython, so xor is cheap


def create(path: str, birth: Birth) -> Window:
    """A window onto a new segment at ``path``, its blocks allocated and its header written.

    The blocks are taken here, since a store into a sparse map on a full disk would kill the
    process with SIGBUS; a full disk is an OSError of this call instead.

    Raises:
        OSError: no space, no permission, no such folder.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        _allocate(fd)
        header = HEADER.pack(
            MAGIC,
            bytes.fromhex(birth.run_id),
            bytes.fromhex(birth.writer_id),
            birth.number,
            birth.salt,
            birth.base_seq,
            os.getpid() & 0xFFFFFFFF,
            SLOTS_PER_SEGMENT,
        )
        os.pwrite(fd, header, 0)
        return window(fd, SEGMENT_BYTES)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(fd)


def _allocate(fd: int) -> None:
    """Give the file its blocks: by one call where there is one, else by writing zeros."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(fd, 0, SEGMENT_BYTES)
            return
        except OSError as error:
            import errno

            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
                raise
    os.pwrite(fd, bytes(SEGMENT_BYTES), 0)


def window(fd: int, count_bytes: int, *, write: bool = True) -> Window:
    """What is in a file from its beginning: mapped into memory where the file system can do that."""
    try:
        if not write:
            return mmap.mmap(fd, count_bytes, prot=mmap.PROT_READ)
        return mmap.mmap(fd, count_bytes, flags=mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0))
    except OSError:
        return FileWindow(fd)


def commit_words(window: Window) -> memoryview | None:
    """The last words of a new segment's slots, one per slot; None where the window cannot be seen as words.

    To be released before the window is closed.
    """
    if not _LITTLE or isinstance(window, FileWindow):
        return None
    first = (HEADER_BYTES + CONTENT_BYTES) // 4
    return memoryview(window).cast("I")[first :: SLOT_BYTES // 4]


_spans: list[slice] = []


def content_spans(count: int) -> list[slice]:
    """Where the contents of ``count`` slots or more lie in a segment.

    Made as far as they are asked for, then shared: a store into a map needs a slice, and making one costs more than
    the store. Cost: 100 bytes a slot, 3.3 MB for those of a whole segment, once per process.
    """
    global _spans
    known = _spans
    if len(known) < count:
        first, end = (HEADER_BYTES + n * SLOT_BYTES for n in (len(known), count))
        known = [*known, *(slice(at, at + CONTENT_BYTES) for at in range(first, end, SLOT_BYTES))]
        _spans = known  # two threads may do this at once: each has what it asked for
    return known


def part_of(view: Window, start: int, stop: int) -> memoryview:
    """The bytes from ``start`` to ``stop``, without a copy where they are mapped; to be released before ``close``."""
    return memoryview(view)[start:stop] if isinstance(view, mmap.mmap) else memoryview(view[start:stop])


def seal(window: Window, used_slots: int) -> None:
    """Say in the header that ``used_slots`` is final."""
    window[SEALED_OFFSET : SEALED_OFFSET + _U64] = (used_slots + 1).to_bytes(_U64, "little")


def slot_bytes(content: bytes, seed: int) -> bytes:
    """The 32 bytes of a slot; ``seed`` is the segment's salt xor the slot's index."""
    return content + CRC.pack(zlib.crc32(content, seed) or 1)


def record_bytes(kind: int, ts_ns: int, payload: bytes, salt: int, slot: int) -> tuple[bytes, bytes]:
    """Head slot and payload slots of a record that begins at index ``slot``."""
    head = slot_bytes(HEAD.pack(ts_ns, len(payload), 0, RECORD_BASE + kind), salt ^ slot)
    body = bytearray()
    for at in range(0, len(payload), CONTENT_BYTES):
        slot += 1
        body += slot_bytes(payload[at : at + CONTENT_BYTES].ljust(CONTENT_BYTES, b"\0"), salt ^ slot)
    return head, bytes(body)


def written_slots(view: memoryview) -> int:
    """How many slots at the front of ``view`` (whole slots) have their last word set.

    Cost: one pass over the last words; contents and CRCs are not looked at.
    """
    words = view.cast("I")[SLOT_BYTES // 4 - 1 :: SLOT_BYTES // 4]
    total = len(words)
    # A reader that keeps up finds one short run of new slots in a long run of empty ones.
    step = 256
    for start in range(0, total, step):
        part = words[start : start + step].tolist()
        if 0 in part:
            return start + part.index(0)
    return total


def span_of(path: str) -> tuple[int, int]:
    """The sequence number after a segment's last complete slot, and when its first one was written (ns; 0 if none is).

    Raises:
        OSError: it is gone. Corrupt: it is torn.
    """
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        if os.fstat(fd).st_size < SEGMENT_BYTES:
            raise Corrupt(f"{path} is shorter than a segment of the journal.")
        view = window(fd, SEGMENT_BYTES, write=False)
    finally:
        os.close(fd)
    try:
        header = Header(view[:HEADER_BYTES])
        with part_of(view, HEADER_BYTES, SEGMENT_BYTES) as slots:
            used = written_slots(slots) if header.sealed is None else header.sealed
            return int(header.base_seq) + used, int(POINT.unpack_from(slots)[0])
    finally:
        view.close()


def sound_slots(data: bytes | memoryview, salt: int, first_slot: int) -> int:
    """How many slots at the front of ``data`` pass their CRC."""
    count = len(data) // SLOT_BYTES
    for index in range(count):
        at = index * SLOT_BYTES
        content = bytes(data[at : at + CONTENT_BYTES])
        crc = (zlib.crc32(content, salt ^ (first_slot + index)) or 1).to_bytes(4, "little")
        if crc != bytes(data[at + CONTENT_BYTES : at + SLOT_BYTES]):
            return index
    return count


def mend(data: bytes, salt: int, first_slot: int) -> tuple[bytes, int]:
    """``data`` with every broken slot, and every record that has one, replaced by gaps; how many slots that are.

    Only for segments whose writer is gone: after a power loss a page may lie empty between sound ones.
    """
    count = len(data) // SLOT_BYTES
    out = bytearray(data)
    lost = 0
    index = 0
    broken = False
    while index < count:
        span = _sound_item(data[index * SLOT_BYTES :], salt, first_slot + index, strict=broken)
        if span:
            broken = False
            index += span
            continue
        broken = True
        gap = HEAD.pack(0, 0, 0, GAP)
        out[index * SLOT_BYTES : (index + 1) * SLOT_BYTES] = slot_bytes(gap, salt ^ (first_slot + index))
        lost += 1
        index += 1
    return bytes(out), lost


def _sound_item(data: bytes, salt: int, slot: int, strict: bool) -> int:
    """Slots of the point or whole record at the front of ``data``; 0 where it is broken.

    strict: the slot before was broken, so this may be the payload of a record that lost its
    head. Payloads are text, whose bytes read as a time are after 2043 and as a key id are huge.
    """
    if not sound_slots(data[:SLOT_BYTES], salt, slot):
        return 0
    ts_ns, length, _, kind = HEAD.unpack_from(data)
    if kind < RECORD_BASE:
        plausible = 0 <= ts_ns < 1 << 61 and 0 < kind < 1 << 24
        return 1 if plausible or not strict else 0
    span = 1 + payload_slots(length)
    if span * SLOT_BYTES > len(data):
        return 0
    return span if sound_slots(data[: span * SLOT_BYTES], salt, slot) == span else 0
