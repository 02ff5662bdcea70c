"""The other writers of a process's runs on this machine: forked children, workers of pools.

Who reads a run waits for what they have written, too. Standard library only.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Container, Iterator

from clew.client import spool
from clew.client.receipt import Receipt
from clew.client.segment import Header, written_slots
from clew.errors import Corrupt
from clew.wire.frames import HEADER_BYTES, SEGMENT_BYTES


def receipts(target_folder: str, run_ids: Container[str], own: Container[str]) -> Iterator[Receipt]:
    """Where the journals of the runs stand, but for the writers whose folders are ``own``."""
    for run_id, run_folder in spool.runs(target_folder):
        if run_id in run_ids:
            for folder in spool.writers(run_folder):
                if folder not in own:
                    yield from _receipt(folder)


def _receipt(folder: str) -> Iterator[Receipt]:
    try:
        ctl = spool.Ctl(os.path.join(folder, "ctl"))
        position = _position(spool.segments(folder))
    except (OSError, ValueError, Corrupt):
        return  # it is being removed, or a power loss tore it
    if position:
        yield Receipt(ctl, position)


def _position(segments: list[str]) -> int:
    """Sequence number after the last complete slot."""
    if not segments:
        return 0
    with open(segments[-1], "rb") as file:
        header = Header(file.read(HEADER_BYTES))
        if header.sealed is not None:
            return int(header.base_seq) + header.sealed
        with (
            mmap.mmap(file.fileno(), SEGMENT_BYTES, prot=mmap.PROT_READ) as view,
            memoryview(view) as whole,
            whole[HEADER_BYTES:] as slots,
        ):
            return int(header.base_seq) + written_slots(slots)
