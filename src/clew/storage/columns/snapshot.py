"""A table on disk: written when many runs changed, mapped when it is opened, thrown away when in doubt.

``magic | header length, u32 | header CRC, u32 | header, JSON | parts``. Each part is an array or a buffer that
starts at a multiple of 64 bytes, with its CRC in the header, checked when the part is first used.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

_MAGIC: Final = b"CLEWCOL1"
_START: Final = struct.Struct("<8sII")
_ALIGNED: Final = 64
_MAX_HEADER: Final = 64 << 20


class Part(msgspec.Struct, frozen=True):
    """Where an array lies in the file. dtype: as numpy writes it. start, size: bytes."""

    dtype: str
    start: int
    size: int
    crc: int


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is a picture of.

    store: tells the database from others. experiment, seen: of the table.
    witness: number, id and change of the run that changed last; in the same database the run has not gone back.
    columns: one entry per column that was in memory, with the name of its parts.
    """

    store: str
    experiment: int
    seen: int
    witness: tuple[int, str, int] | None
    columns: list[SavedColumn]
    parts: dict[str, Part] = {}


class SavedColumn(msgspec.Struct, frozen=True):
    """A column's field (kind, name, type, summary, argument), and the first part of its parts' names."""

    field: tuple[str, str, str, str, int]
    prefix: str


class Snapshot:
    """A file that is open.

    Its arrays can be written to; that changes memory, never the file.
    """

    def __init__(self, memory: mmap.mmap, header: Header) -> None:
        self._memory = memory
        self.header = header

    @classmethod
    def open(cls, path: str) -> Snapshot | None:
        """The snapshot at ``path``; None where there is none, or none that is whole."""
        try:
            with open(path, "rb") as file:
                magic, size, crc = _START.unpack(file.read(_START.size))
                text = file.read(min(size, _MAX_HEADER))
                if magic != _MAGIC or len(text) != size or zlib.crc32(text) != crc:
                    return None
                header = msgspec.json.decode(text, type=Header)
                memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, struct.error, ValueError, msgspec.MsgspecError):
            return None
        if any(part.start + part.size > len(memory) for part in header.parts.values()):
            return None
        return cls(memory, header)

    def array(self, name: str) -> NDArray[Any] | None:
        """The array of a part; None where it is missing or damaged."""
        part = self.header.parts.get(name)
        if part is None:
            return None
        piece = memoryview(self._memory)[part.start : part.start + part.size]
        return np.frombuffer(piece, part.dtype) if zlib.crc32(piece) == part.crc else None


def write(path: str, header: Header, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a snapshot in one step: readers see the old file or the new one.

    Raises:
        OSError: the disk is full or read-only; the old file stays.
    """
    parts: dict[str, Part] = {}
    place = 0
    for name, array in arrays.items():
        parts[name] = Part(array.dtype.str, place, array.nbytes, zlib.crc32(array.data))
        place = _aligned(place + array.nbytes)
    # The header's length moves the parts, and their places are in the header: numbers of one width settle that.
    first = _aligned(_START.size + len(_encoded(header, parts, 10**15)))
    text = _encoded(header, parts, first).ljust(first - _START.size)
    partial = f"{path}.{os.getpid()}"
    try:
        with open(partial, "wb") as file:
            file.write(_START.pack(_MAGIC, len(text), zlib.crc32(text)) + text)
            for name, array in arrays.items():
                file.seek(first + parts[name].start)
                file.write(array.data)
            file.truncate(first + place)
        os.replace(partial, path)
    except OSError:
        if os.path.exists(partial):
            os.unlink(partial)
        raise


def _encoded(header: Header, parts: Mapping[str, Part], first: int) -> bytes:
    moved = {name: msgspec.structs.replace(part, start=first + part.start) for name, part in parts.items()}
    return msgspec.json.encode(msgspec.structs.replace(header, parts=moved))


def _aligned(place: int) -> int:
    return -(-place // _ALIGNED) * _ALIGNED
