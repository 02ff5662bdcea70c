"""What the journals of this user still hold; reading it disturbs neither writers nor shippers."""

from __future__ import annotations

import os
from typing import NamedTuple

from clew.client import spool


class Pending(NamedTuple):
    """What the journal still holds for one target.

    runs, writers, segments: how many. size_bytes: of the segments as they lie on disk.
    writing: writers whose process lives. shipper: whether somebody sends it now.
    trouble: why the shipper cannot send, in its own words, or empty.
    """

    target: str
    runs: int
    writers: int
    writing: int
    segments: int
    size_bytes: int
    shipper: bool
    trouble: str


def read_pending(spool_folder: str) -> list[Pending]:
    """What waits under ``spool_folder``, one entry per target that has a folder there."""
    return [read_target(folder) for folder in spool.target_folders(spool_folder)]


def read_target(folder: str) -> Pending:
    """What waits in one target folder."""
    runs = list(spool.runs(folder))
    writers = [w for _, run in runs for w in spool.writers(run)]
    segments = [s for w in writers for s in spool.segments(w)]
    return Pending(
        target=spool.target_uri(folder),
        runs=len(runs),
        writers=len(writers),
        writing=sum(spool.lives(w) for w in writers),
        segments=len(segments),
        size_bytes=sum(_size(s) for s in segments),
        shipper=_shipper_listens(folder),
        trouble=next(filter(None, map(_trouble, writers)), ""),
    )


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0  # shipped in this moment


def _trouble(writer_folder: str) -> str:
    try:
        return spool.Ctl(os.path.join(writer_folder, "ctl")).trouble
    except (OSError, ValueError):
        return ""


def _shipper_listens(target_folder: str) -> bool:
    # A FIFO opens for writing only while somebody reads it: the probe itself disturbs nobody.
    try:
        os.close(os.open(os.path.join(target_folder, "wake"), os.O_WRONLY | os.O_NONBLOCK))
        return True
    except OSError:
        return False
