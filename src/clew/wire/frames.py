"""The journal's bytes: slots of 32 bytes that the client writes and the server ingests.

A segment is a 4096-byte header and 32,640 slots (1 MiB in all). Every slot is 28 bytes of
content and a CRC-32 of them, written last, so a non-zero last word means "complete"::

    point    ts_ns i64 | value f64 | step i64 | key_id u32            | crc u32
    record   ts_ns i64 | payload bytes u64 | reserved i64 | type u32   | crc u32   (head)
             28 payload bytes (the last slot zero-padded)             | crc u32   (repeated)

``crc = zlib.crc32(content, salt ^ slot) or 1`` where ``slot`` is the slot's index in its
segment, so that stale or shifted bytes never pass. All integers are little-endian. A record's
payload is JSON (UTF-8); its type is ``RECORD_BASE + n``, and ids below it are key ids.
Sequence number of a slot = ``base_seq`` of its segment + slot index.

Standard library only: the client and the shipper import this.
"""

from __future__ import annotations

import struct
from typing import Final

MAGIC: Final = b"CLEWSEG1"
HEADER_BYTES: Final = 4096
SLOT_BYTES: Final = 32
CONTENT_BYTES: Final = 28
SEGMENT_BYTES: Final = 1 << 20
SLOTS_PER_SEGMENT: Final = (SEGMENT_BYTES - HEADER_BYTES) // SLOT_BYTES

POINT: Final = struct.Struct("<qdqI")
HEAD: Final = struct.Struct("<qQqI")
CRC: Final = struct.Struct("<I")
# magic | run id | writer id | segment number | salt | base_seq | pid | slots
HEADER: Final = struct.Struct("<8s16s16sIIQII")
SEALED_OFFSET: Final = 128  # u64: 0 while open, else used slots + 1

RECORD_BASE: Final = 0xFFFFFF00

# Record numbers are part of the format: never renumber, only add (decision 4).
KEY: Final = 1  # {"id": int, "key": str, "context": int}          metric key; context 0 = none
PARAM: Final = 2  # {"key": str, "value": str}
TAG: Final = 3  # {"key": str, "value": str}
TAG_DELETE: Final = 4  # {"key": str}
RUN_START: Final = 5
# {"experiment": str (name), "experiment_id": str (where the name is empty), "name": str, "tags": {..},
#  "parent": str|null, "start_ms": int, "user": str, "resumed": bool}
# resumed: the run was begun elsewhere, or so its user says, and nobody could be asked
RUN_END: Final = 6  # {"status": "FINISHED", "end_ms": int}
INPUT: Final = 7  # {"dataset": {...}|null, "tags": {..}, "model_id": str|null}
OUTPUT: Final = 8  # {"model_id": str, "step": int}
ARTIFACT: Final = 9  # {"path": str, "file": str, "size": int, "sha256": str, "copied": bool}
LOG: Final = 10  # {"stream": "stdout", "text": str}
HEARTBEAT: Final = 11  # {}
CONTEXT: Final = 12  # {"id": int, "model_id": str, "dataset_name": str, "dataset_digest": str, "rank": int|null}


def payload_slots(payload_bytes: int) -> int:
    """How many slots follow a record head whose payload has this many bytes."""
    return -(-payload_bytes // CONTENT_BYTES)
