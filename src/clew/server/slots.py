"""Raw journal slots to columns and records, by numpy: no Python work per point.

The bytes are described in ``wire.frames``.
"""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from clew.errors import CorruptUpload
from clew.wire.frames import CONTENT_BYTES, RECORD_BASE, SLOT_BYTES, SLOTS_PER_SEGMENT, payload_slots

_SLOT = np.dtype([("ts", "<i8"), ("value", "<f8"), ("step", "<i8"), ("key", "<u4"), ("crc", "<u4")])
_POLYNOMIAL = 0xEDB88320  # CRC-32 of zlib, reflected
_ONES = 0xFFFFFFFF


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record of the journal.

    at: index of its head among the slots sent. kind: number in ``wire.frames``. ts_ns: when written.
    payload: JSON bytes.
    """

    at: int
    kind: int
    ts_ns: int
    payload: bytes


class Slots(msgspec.Struct, frozen=True):
    """What a piece of a segment holds.

    used: slots that are complete; a record cut off at the end is not among them.
    points: structured array of the metric points; at: int64[n], their indexes among the slots sent.
    records: all others, in order.
    """

    used: int
    points: NDArray[np.void]
    at: NDArray[np.int64]
    records: list[Record]


def read_slots(body: bytes | bytearray, salt: int, slot: int) -> Slots:
    """The content of whole slots that begin with a point or a record head.

    salt: of the segment. slot: index of the first slot in its segment.

    Raises:
        CorruptUpload: a slot's CRC does not fit, or a record is longer than a segment.
    """
    table = np.frombuffer(body, _SLOT)
    n = len(table)
    wrong = np.flatnonzero(slot_crcs(body, salt, slot) != table["crc"])
    if len(wrong):
        at = int(wrong[0])
        raise CorruptUpload(
            f"Slot {slot + at} of the segment (number {at} of those sent) fails its CRC; nothing of this batch was "
            "stored. Send it again from the journal.",
            at,
        )
    is_point = np.ones(n, bool)
    records: list[Record] = []
    end = 0
    for head in np.flatnonzero(table["key"] >= RECORD_BASE).tolist():
        if head < end:  # inside the payload of the record before
            continue
        size = int(table["value"][head : head + 1].view("<u8")[0])
        if size > SLOTS_PER_SEGMENT * CONTENT_BYTES:
            raise CorruptUpload(
                f"The record at slot {slot + head} claims {size} bytes, more than a segment holds.", head
            )
        end = head + 1 + payload_slots(size)
        if end > n:
            n = head
            break
        start = head * SLOT_BYTES
        records.append(
            Record(
                at=head,
                kind=int(table["key"][head]) - RECORD_BASE,
                ts_ns=int(table["ts"][head]),
                payload=_payload(body, start + SLOT_BYTES, end * SLOT_BYTES, size),
            )
        )
        is_point[head:end] = False
    at_points = np.flatnonzero(is_point[:n])
    return Slots(used=n, points=table[at_points], at=at_points, records=records)


def slot_crcs(body: bytes | bytearray, salt: int, slot: int) -> NDArray[np.uint32]:
    """The CRC that each slot should have, as the writer computes it.

    CRC is linear: the CRC of 28 bytes is the XOR of one table entry per byte; the seed only XORs the
    first four bytes. So all slots are done together, one table look-up per byte position.
    """
    words = np.frombuffer(body, "<u4").reshape(-1, SLOT_BYTES // 4)[:, : CONTENT_BYTES // 4].copy()
    index = np.arange(slot, slot + len(words), dtype=np.uint64).astype(np.uint32)
    words[:, 0] ^= index ^ np.uint32((salt ^ _ONES) & _ONES)
    columns = np.ascontiguousarray(words.view(np.uint8).T)
    crc = np.full(len(words), _ONES, np.uint32)
    for table, column in zip(_TABLES, columns, strict=True):
        crc ^= table.take(column)
    crc[crc == 0] = 1
    return crc


def _payload(body: bytes | bytearray, start: int, stop: int, size: int) -> bytes:
    if stop - start <= SLOT_BYTES:
        return bytes(body[start : start + size])
    view = memoryview(body)
    pieces = [view[i : i + CONTENT_BYTES] for i in range(start, stop, SLOT_BYTES)]
    return b"".join(pieces)[:size]


def _tables() -> list[NDArray[np.uint32]]:
    """For each byte position of a slot's content, what each byte value adds to the CRC."""
    step = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        step = np.where(step & 1, (step >> 1) ^ np.uint32(_POLYNOMIAL), step >> 1).astype(np.uint32)
    tables = [step]
    for _ in range(CONTENT_BYTES - 1):
        last = tables[-1]
        tables.append(step[last & 0xFF] ^ (last >> 8))
    return tables[::-1]


_TABLES = _tables()
